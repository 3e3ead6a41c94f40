# The binary logs of a MariaDB on this host. A program asks for this text with `# uses: binlog`; what asks the server, with
# `# uses: give-up database binlog`.

# What a log begins with: when it was begun, and by which server. One that is begun anew under the same name has something else. Its
# flags, which come next, change.
binlog_mark() { # FILE
  od -An -v -tx1 -j4 -N17 "$1" 2>/dev/null | tr -d ' \n'
}

# The time zone of this host, in which statements are meant.
binlog_zone() {
  binlog_local=$(readlink -f /etc/localtime || true)
  case $binlog_local in
  */zoneinfo/*) echo "${binlog_local#*/zoneinfo/}" ;;
  *) echo UTC ;;
  esac
}

# A log and those that follow on it without a gap, a name each.
binlog_from() { # FOLDER FILE
  binlog_next=$2
  while [ -f "$1/$binlog_next" ]; do
    echo "$binlog_next"
    binlog_number=${binlog_next##*.}
    # with its zeros it would be octal
    binlog_number=$((${binlog_number#"${binlog_number%%[!0]*}"} + 1))
    binlog_next=${binlog_next%.*}.$(printf %06d "$binlog_number")
  done
}

# Reads a log to where its bytes are spoilt, or to its end. Sets `binlog_moment`, of its last event, `binlog_end`, bytes up to there, and
# `binlog_fault`, what is wrong after that; empty: it is whole. mariadb-binlog takes spoilt bytes of a log that was never closed for
# its end, without an error, and goes on with the next one.
binlog_read() { # FILE WORK-FOLDER [PREFIX…]
  binlog_file=$1 binlog_work=$2
  shift 2
  "$@" env TZ=UTC mariadb-binlog --no-defaults --verify-binlog-checksum --base64-output=DECODE-ROWS --local-load="$binlog_work" \
    "$binlog_file" 2>"$binlog_work/binlog.said" |
    sed -n 's/^#\([0-9][0-9]\)\([0-9][0-9]\)\([0-9][0-9]\) *\([0-9]*\):\([0-9:]*\) server id .* end_log_pos \([0-9]*\) .*$/20\1-\2-\3T0\4:\5Z \6/p' |
    sed -n 's/T0\([0-9][0-9]\):/T\1:/; $p' >"$binlog_work/binlog.end"
  read -r binlog_moment binlog_end <"$binlog_work/binlog.end" || binlog_moment=- binlog_end=0
  binlog_left=$(($(stat -c %s "$binlog_file") - binlog_end)) binlog_fault=
  [ "$binlog_left" -gt 0 ] || return 0
  # a server that was killed has left a part of an event, of which nothing was committed
  binlog_length=$(od -An -tu4 -j"$((binlog_end + 9))" -N4 "$binlog_file" | tr -d ' ')
  if [ "$binlog_left" -ge 19 ] && [ "$binlog_length" -le "$binlog_left" ]; then
    binlog_fault=$(tail -n 1 "$binlog_work/binlog.said" | grep . || echo "it cannot be read beyond byte $binlog_end")
  fi
}

# The folder in which the server keeps them.
binlog_folder() {
  binlog_base=$(database_ask 'SELECT @@log_bin_basename') || give_up 40 'the server does not say where its binary logs are'
  [ "$binlog_base" != NULL ] ||
    give_up 40 'its binary log is off: set log_bin, server_id and expire_logs_days in [mysqld], and restart the server'
  echo "${binlog_base%/*}"
}
