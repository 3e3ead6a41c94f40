# Fence: a newer attempt locks an older one out of a resource (a "lane") of this host.
#
# A program asks for this text with a comment line near its top:
#
#   # uses: fence
#
# and the loader (src/adapters/ssh/programs.ts) sends this file in front of it. Then:
#
#   fence_enter "$lane" "$epoch" "$attempt"    # lanes look like `web` or `web/n3`
#   timeout 5 some-command 9>&-                # the lane is ours until the program ends ...
#   fence_leave                                # ... or until here
#
# fence_enter waits up to 5 s for the lane's lock, then compares (epoch, attempt) with the pair that
# was stored last. It ends the program with
#
#   91 and `pawl: fenced: ...` on stderr      a newer pair has been here     -> PawlError Fenced
#   92 and `pawl: lane busy: ...` on stderr   the lock was not free in time  -> PawlError LaneBusy
#
# A fourth argument, without blanks, is written down beside the pair: who that is (raise-fences does so).
# RemoteHost.run makes these errors itself, so callers need not look; a program must not use 91 and
# 92 for anything else. Everything under the lock must be bounded in time, and children that may
# outlive the program must not inherit the lock, which is open on descriptor 9: hence `9>&-`.
#
# A program that does what somebody else has wanted, whoever that is, takes `fence_lock "$lane"` and compares nothing. One
# that writes more to the disk sets `fence_syncs=later` and calls `sync "$fence_file" …` itself: once for all costs no more.

fence_folder=/var/lib/pawl/lanes

fence_refuse() { # CODE WORDS
  echo "pawl: $2" >&2
  exit "$1"
}

fence_lock() { # LANE [SECONDS]
  case $1 in
  '' | *[!A-Za-z0-9._:@/-]* | /* | */ | *//* | .* | */.*) fence_refuse 2 "not a lane: $1" ;;
  esac
  fence_file=$fence_folder/$1.fence
  [ -d "${fence_file%/*}" ] || mkdir -p "${fence_file%/*}"
  # one file is both: the lock, and the newest pair that was seen (none yet: empty)
  exec 9<>"$fence_file"
  flock -w "${2:-5}" 9 || fence_refuse 92 "lane busy: another attempt holds the lock of $1"
}

fence_enter() { # LANE EPOCH ATTEMPT [HOLDER]
  fence_number "$2"
  fence_number "$3"
  fence_lock "$1"
  fence_epoch=0 fence_attempt=0
  if [ -s "$fence_file" ]; then
    read -r fence_epoch fence_attempt <"$fence_file" || fence_refuse 2 "damaged: $fence_file"
    fence_number "$fence_epoch"
    fence_number "$fence_attempt"
  fi
  if [ "$2" -lt "$fence_epoch" ] || { [ "$2" -eq "$fence_epoch" ] && [ "$3" -lt "$fence_attempt" ]; }; then
    fence_refuse 91 "fenced: $1 belongs to the newer attempt $fence_epoch $fence_attempt"
  fi
  if [ -n "${4:-}" ]; then
    fence_store "$2 $3" "$2 $4"
  elif [ "$2 $3" != "$fence_epoch $fence_attempt" ]; then
    fence_store "$2 $3"
  fi
}

# Gives the lane back before the program ends.
fence_leave() {
  exec 9>&-
}

# One write of a fixed length in place, then to the disk: the pair must outlive a power cut, for an
# older attempt may come back after it. The second line says who holds which epoch; it counts as long as that
# is the epoch of the first. Older programs read and write the first line only.
fence_store() { # PAIR [EPOCH HOLDER]
  printf '%-63s\n' "$1" >&9
  [ -z "${2:-}" ] || printf '%-447s\n' "$2" >&9
  [ "${fence_syncs:-}" = later ] || sync "$fence_file"
}

# Sets `fence_holder` to who holds the lane in which we are, as far as that was written down for this epoch.
fence_read_holder() { # EPOCH
  { read -r _ && read -r fence_of fence_holder; } <"$fence_file"
  [ "$fence_of" = "$1" ] && [ -n "$fence_holder" ] || fence_holder=unknown
}

fence_number() {
  case $1 in
  '' | *[!0-9]* | ???????????????????*) fence_refuse 2 "not a number: $1" ;;
  esac
}
