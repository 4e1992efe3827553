// The fixed part of what runs on a node: POSIX shell functions that run one command each and frame
// its output, and the awk program that masks secrets. No byte of it depends on a node; names found
// on a node only ever stand in quoted variables. Feeds NodeScript.

enum ScriptLibrary {
  /// A frame is `mark NUL begin NUL uptime NUL kind NUL name NUL file NUL count NUL` and the
  /// command's words with a NUL behind each; then the output as it is; then `mark NUL end NUL`
  /// what the command said on standard error, the exit code behind the mark in it, and a NUL.
  /// The mark is random for each run, and only this shell and its children see it, so no output can
  /// hold it. No file is made: everything goes through pipes.
  ///
  /// Here-documents are avoided, because some shells make files for them.
  static let functions = #"""
    fields() { printf '%s\0' "$@" >&3; }
    now() { { read -r uptime rest </proc/uptime; } 2>/dev/null || uptime=0; }
    have() { command -v "$1" >/dev/null 2>&1; }
    has_line() { { read -r line rest <"$1"; } 2>/dev/null; }

    # shape FILTER: standard input as it may leave the node.
    shape() {
      case $1 in
        masked:*) awk -v dialect="${1#masked:}" "$mask_program" | head -c "$limit" ;;
        lines:*) grep -E -e "${1#lines:}" | head -c "$limit" ;;
        *) exec head -c "$limit" ;;
      esac
    }

    # limited COMMAND...: with an end, where the node has a tool for that.
    limited() {
      if [ "$have_timeout" = 1 ]; then timeout -k 2 "$seconds" "$@"; else "$@"; fi
    }

    # emit FILE FILTER COMMAND...: runs it and sends one frame, in the place $kind $name.
    emit() {
      file=$1 filter=$2
      shift 2
      now
      fields "$mark" begin "$uptime" "$kind" "$name" "$file" "$#" "$@"
      case $filter in masked:*) [ "$can_mask" = 1 ] || {
        fields "$mark" end "$mark exit 127;$no_mask"
        return
      } ;; esac
      case $kind in bridge|ovs) [ -z "$ovs_process" ] || set -- nsenter -t "$ovs_process" -m -- "$@" ;; esac
      said=$(
        exec 4>&1
        {
          {
            { limited "$@" </dev/null 3>&- 4>&- 5>&-; printf '%s exit %s;' "$mark" "$?" >&4; } 2>&5 |
              shape "$filter" >&3 4>&- 5>&-
          } 5>&1 | head -c 60000 >&4 3>&-
        }
      )
      fields "$mark" end "$said"
    }

    # copy PATH NAME: one frame of a small file, secrets masked; NAME is its path on the node.
    copy() {
      now
      kind=file name=$2
      fields "$mark" begin "$uptime" file "$2" '' 2 cat "$1"
      if [ "$can_mask" = 1 ]; then
        said=$({ awk -v dialect=configuration "$mask_program" <"$1" | head -c "$file_limit" >&3; } 2>&1)
        if [ -r "$1" ]; then fields "$mark" end "$mark exit 0;$said"; else fields "$mark" end "$mark exit 1;$said"; fi
      else
        fields "$mark" end "$mark exit 127;$no_mask"
      fi
    }

    # walk FOLDER NAME DEPTH PATTERNS SKIP: copies the small regular files below it.
    walk() {
      [ "$3" -ge 0 ] && [ -d "$1" ] && [ ! -h "$1" ] || return 0
      for entry in "$1"/* "$1"/.[!.]*; do
        [ -e "$entry" ] && [ ! -h "$entry" ] || continue
        leaf=${entry##*/}
        if [ -d "$entry" ]; then
          is_in "$leaf" "$5" || walk "$entry" "$2/$leaf" $(($3 - 1)) "$4" "$5"
        elif [ -f "$entry" ] && is_in "$leaf" "$4"; then
          [ "$copied" -lt "$most_files" ] || { too_many "$2"; return 0; }
          copied=$((copied + 1))
          copy "$entry" "$2/$leaf"
        fi
      done
    }
    too_many() { fields "$mark" refuse file "$1" "more than $most_files files"; }

    # is_in NAME PATTERNS: whether one of the patterns (| between) is the name's.
    is_in() {
      patterns=$2
      while [ -n "$patterns" ]; do
        case $1 in ${patterns%%|*}) return 0 ;; esac
        case $patterns in *'|'*) patterns=${patterns#*|} ;; *) patterns= ;; esac
      done
      return 1
    }

    # each_process PATTERNS COMMAND...: with each process of such a name in $process, by /proc alone.
    each_process() {
      pattern=$1
      shift
      for process in /proc/[0-9]*; do
        { read -r command <"$process/comm"; } 2>/dev/null || continue
        is_in "$command" "$pattern" && "$@"
      done
    }
    first_process() { [ -n "$found" ] || found=${process#/proc/}; }

    # walk_container FOLDER DEPTH PATTERNS SKIP: the same folder as $process sees it, which may be a
    # container's; not where it is one that has been walked.
    walk_container() {
      [ -d "$process/root$1" ] || return 0
      for other in $walked; do
        [ "$process/root$1" -ef "$other$1" ] && return 0
      done
      [ "$process/root$1" -ef "$1" ] && return 0
      walked="$walked $process/root"
      walk "$process/root$1" "$1" "$2" "$3" "$4"
    }

    # usable KIND NAME: whether a name may stand where a tool expects a name: not an option, and not
    # an address that ovs-ofctl would connect to.
    usable() {
      case $2 in
        ''|-*|.*|*/*) fields "$mark" refuse "$1" "$2" 'its name would be taken for an option or a path' ;;
        *[[:cntrl:]]*) fields "$mark" refuse "$1" "$2" 'control characters in its name' ;;
        *:*) [ "$1" != bridge ] && return 0
          fields "$mark" refuse "$1" "$2" 'its name would be taken for an address' ;;
        *) return 0 ;;
      esac
      return 1
    }

    # Each namespace that has a name; the same list that `ip netns` reads.
    each_namespace() {
      for path in /run/netns/* /run/netns/.[!.]*; do
        [ -e "$path" ] || continue
        namespace=${path##*/}
        "$@"
      done
    }
    each_bridge() {
      on_ovs ovs-vsctl list-br </dev/null 2>/dev/null | while IFS= read -r bridge; do "$@" </dev/null; done
    }
    on_ovs() {
      if [ -n "$ovs_process" ]; then limited nsenter -t "$ovs_process" -m -- "$@"; else limited "$@"; fi
    }

    # allows VERSION: whether $bridge speaks it; a bridge that names none speaks what it can.
    allows() {
      case $(on_ovs ovs-vsctl get Bridge "$bridge" protocols </dev/null 2>/dev/null) in
        '[]'|*"$1"*) return 0 ;;
      esac
      return 1
    }

    # witness LABEL NAME COMMAND...: a checksum of what it prints, without what always changes.
    witness() {
      label=$1 of=$2
      shift 2
      sum=$("$@" </dev/null 2>/dev/null | steady | sort | cksum)
      fields "$mark" witness "$stage" "$label" "$of" "$sum"
    }
    steady() {
      grep -v -e '^#' -e '_timeout=' |
        sed -e 's/duration=[^ ]*//' -e 's/n_[a-z]*=[0-9]*,*//g' -e 's/[a-z]*_age=[0-9]*,*//g' \
          -e 's/\[[0-9]*:[0-9]*\]//' -e 's/valid_lft.*//' -e 's/expires [0-9]*sec//' -e 's/ age [0-9]*sec//'
    }
    names() { printf '%s\n' /run/netns/*; }

    """#

  /// `-v dialect=configuration|processes|switchDatabase`; the same rules as SecretMask's, which
  /// looks again at what arrives. A line stays a line, so that evidence still points at it.
  static let mask = #"""
    function masked_keys(text,   low, result, key, at, end, sign, quote, blanks, start, first) {
      low = tolower(text); result = ""
      while (match(low, words)) {
        key = substr(low, RSTART, RLENGTH); first = substr(text, 1, RSTART - 1)
        at = RSTART + RLENGTH
        while (substr(low, at, 1) ~ /[a-z0-9_.-]/) at++
        quote = 0; sign = 0; blanks = 0
        while (substr(low, at, 1) == "\\") at++
        if (substr(low, at, 1) ~ /["\047]/) { quote = 1; at++ }
        while (substr(low, at, 1) ~ /[ \t=:>]/ || (quote && substr(low, at, 1) == ",")) {
          if (substr(low, at, 1) ~ /[ \t]/) blanks++; else sign = 1
          at++
        }
        while (sign && substr(low, at, 1) == "\\") at++
        if (!sign && blanks && key == "auth_pass") sign = 2
        if (!sign && blanks && dialect == "processes" && (result first) ~ /(^|[ \t])--?[A-Za-z0-9_-]*$/) sign = 3
        if (!sign || at > length(text)) { result = result substr(text, 1, at - 1); text = substr(text, at); low = tolower(text); continue }
        start = at
        if (substr(text, at, 1) ~ /["\047]/) {
          start = at + 1; end = index(substr(text, start), substr(text, at, 1))
          end = end ? start + end - 1 : length(text) + 1
        } else if (sign == 2 || (dialect == "configuration" && !quote && (result first) ~ /^[ \t#;]*[A-Za-z0-9_.-]*$/)) {
          end = length(text) + 1
          if (substr(text, end - 1, 1) == "\r") end--
        } else {
          end = match(substr(text, at), quote || dialect == "switchDatabase" ? "[], \t}]" : dialect == "configuration" ? "[ \t\r<\"\047]" : "[ \t\r]")
          end = end ? at + end - 1 : length(text) + 1
        }
        result = result substr(text, 1, start - 1) (end > start ? "***" : "")
        text = substr(text, end); low = tolower(text)
      }
      return result text
    }
    function masked_urls(text,   result, at, rest, stop, word, last, colon) {
      result = ""
      while (at = index(text, "://")) {
        result = result substr(text, 1, at + 2); rest = substr(text, at + 3)
        stop = match(rest, /[ \t\r"\047<>]/); if (!stop) stop = length(rest) + 1
        word = substr(rest, 1, stop - 1); text = substr(rest, stop); last = 0
        for (at = length(word); at > 0; at--) if (substr(word, at, 1) == "@") { last = at; break }
        if (last) {
          colon = index(substr(word, 1, last - 1), ":")
          word = (colon ? substr(word, 1, colon) : "") "***" substr(word, last)
        }
        result = result word
      }
      return result text
    }
    function masked_arguments(text,   count, list, i, word, option, mysql, sshpass, result) {
      count = split(text, list, / /); mysql = 0; sshpass = 0; option = ""; result = ""
      for (i = 1; i <= count; i++) {
        if (list[i] ~ /(^|\/)mysql[^\/]*\/*$/) mysql = 1
        if (list[i] ~ /(^|\/)sshpass\/*$/) sshpass = 1
      }
      for (i = 1; i <= count; i++) {
        word = list[i]
        if (sshpass && option == "-p") word = "***"
        else if ((sshpass || mysql) && length(word) > 2 && substr(word, 1, 2) == "-p") word = "-p***"
        else if ((option == "-u" || option == "--user") && index(word, ":")) word = substr(word, 1, index(word, ":")) "***"
        else if (index(text, "secret") && match(word, /data=[^,]*/)) word = substr(word, 1, RSTART + 4) "***" substr(word, RSTART + RLENGTH)
        result = result (i > 1 ? " " : "") word
        if (list[i] != "") option = list[i]
      }
      return result
    }
    BEGIN {
      words = "password|passwd|passphrase|secret|auth_pass|auth_key|token|api_?key|psk"
      if (dialect == "configuration") words = words "|private_key|credential|encryption_key|sasl_pass"
    }
    {
      low = tolower($0)
      if (dialect == "configuration" && pem) { if (low ~ /-----end/) pem = 0; print "***"; next }
      if (dialect == "configuration" && low ~ /-----begin.*private key/) { pem = 1; print "***"; next }
      if (dialect == "configuration" && continued && $0 ~ /^[ \t]+[^ \t#]/) { print "    ***"; next }
      continued = match(low, "^[a-z0-9_.-]*(" words ")[a-z0-9_.-]*[ \t]*[=:]")
      line = masked_keys($0)
      if (index(line, "://")) line = masked_urls(line)
      if (dialect == "processes") line = masked_arguments(line)
      print line
    }
    """#
}
