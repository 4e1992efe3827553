// What one thread has computed for, in which what the machine does beside it does not show.
import Glibc

/// Seconds that this thread has run on a processor since it was made.
public func threadSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}
