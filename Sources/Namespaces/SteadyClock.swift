// Time that only goes forward: what is waited for must not depend on the wall clock, which is set.
import Glibc

public enum SteadyClock {
  /// Seconds since the machine started.
  public static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
