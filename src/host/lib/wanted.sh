# What Pawl wants of a server and has not taken back, as a file on the balancer's host. A program that asks for this
# text with `# uses: haproxy-server wanted` sets `socket` and `state_file`, and `backend` and `server` where it is about
# one, then calls `wanted_open`.
#
# One file for each server, which says `back` once the server has been handed back:
#
#   out - 1764324944000 1764324950123 1764324950123 upgrade-web-1.4.2     state, weight, epoch, attempt, since, who
#   3 web 1 n1 10.0.0.1 2 1 100 …                                         HAProxy's row of the server in that state
#
# States are `out`, `draining`, and `held`: in, with a weight that is to stay. Written in the server's lane only, and in
# one go, in place: whoever reads without the lock sees the old one or the new one.

wanted_open() {
  wanted_folder=/var/lib/pawl/wanted/haproxy$socket
  wanted_file=$wanted_folder/${backend:-}/${server:-}
}

# Reads a file into `kept` (the first line), its words `kept_…`, and `kept_row`. Fails when nothing is wanted.
wanted_read() { # FILE
  kept='' kept_state='' kept_weight='' kept_epoch='' kept_since='' kept_holder='' kept_row=''
  [ -s "$1" ] || return 1
  { read -r kept_state kept_weight kept_epoch kept_attempt kept_since kept_holder && read -r kept_row; } <"$1"
  [ -n "$kept_holder" ] || return 1
  kept="$kept_state $kept_weight $kept_epoch $kept_attempt $kept_since $kept_holder"
}

# Writes down what is wanted from now on; `in` hands the server back.
wanted_set() { # out|draining|held|in WEIGHT EPOCH ATTEMPT
  wanted_read "$wanted_file"
  if [ "$1" = in ]; then
    wanted_put '' ''
    return
  fi
  # the same change goes on where it stood
  [ "$kept_epoch" = "$3" ] || kept_since=$4
  fence_read_holder "$3"
  wanted_put "$1 ${2:--} $3 $4 $kept_since $fence_holder" "$kept_row"
}

# An older Pawl beside this one hands a server back and does not know this file: within one change, the fence's newer
# attempt tells. A reset raises the fence, too; then the change's next write says again what it wants.
wanted_is_stale() {
  { read -r fence_epoch fence_attempt; } <"$fence_file"
  [ "$kept_epoch" = "$fence_epoch" ] && [ "$kept_attempt" -lt "$fence_attempt" ]
}

wanted_put() { # LINE ROW
  [ -n "$1" ] || [ -s "$wanted_file" ] || return 0
  [ -d "${wanted_file%/*}" ] || mkdir -p "${wanted_file%/*}"
  # without cutting it off first, which takes the disk longer; of what a longer one leaves behind nobody reads a third line
  printf '%s\n%s\n' "${1:-back}" "$2" 1<>"$wanted_file"
}

# To the disk, together with the fence's pair: two files take no longer than one. HAProxy hears of it only then, for
# whoever comes after a power cut must know.
wanted_sync() {
  if [ -e "$wanted_file" ]; then sync -d "$fence_file" "$wanted_file"; else sync -d "$fence_file"; fi
}

# HAProxy has refused it: what was wanted before is wanted still.
wanted_undo() {
  wanted_put "$kept" "$kept_row"
  wanted_sync
}

# Keeps HAProxy's row of the server as `look` has just read it, and passes it on.
wanted_shown() { # ROW
  wanted_read "$wanted_file" && wanted_put "$kept" "$1"
  wanted_share
}

# Writes what HAProxy reads at its start (`server-state-file`): the rows of these servers and of no others, for a
# row overrides newer configuration. Several may do so at once: each looks again until it is as it should be.
wanted_share() {
  [ -n "$state_file" ] || return 0
  for _ in 1 2 3; do
    wanted_rows
    shared=
    [ ! -e "$state_file" ] || while IFS= read -r line; do shared=$shared$line$newline; done <"$state_file"
    [ "$shared" != "$rows" ] || return 0
    [ -d "${state_file%/*}" ] || mkdir -p "${state_file%/*}"
    printf '%s' "$rows" >"$state_file.$$" && mv -f "$state_file.$$" "$state_file" 9>&-
  done
}

# One that HAProxy has not shown yet in the state that is wanted has none.
wanted_rows() {
  rows=$table$newline
  for file in "$wanted_folder"/*/*; do
    wanted_read "$file" && [ -n "$kept_row" ] && rows=$rows$kept_row$newline
  done
}
