# Several servers of one backend in one step. A program that asks for this text with `# uses: fence wanted together` sets
# `epoch`, `attempt`, `lanes` (those of the backend) and `triples` (SERVER STATE WEIGHT|- for each server), and defines
# `open_server`, which says where what is wanted of `server` is kept.

# Enters the lanes of all servers, in this order, and does the work in all of them.
in_all_lanes() { # WORK [SERVER STATE WEIGHT]…
  if [ $# -eq 1 ]; then
    "$1"
    return
  fi
  fence_enter "$lanes/$2" "$epoch" "$attempt"
  # this shell keeps the lane's lock until the one within it has ended
  (
    work=$1
    shift 4
    in_all_lanes "$work" "$@"
  )
}

# Does something for each server, with `server`, `wanted`, `weight`, and its place in the order, `nth`.
each() { # WORK
  nth=0 work_of_each=$1
  # shellcheck disable=SC2086 # names have no blanks
  set -- $triples
  while [ $# -gt 0 ]; do
    nth=$((nth + 1)) server=$1 wanted=$2 weight=$3
    [ "$weight" != - ] || weight=
    shift 3
    fence_file=$fence_folder/$lanes/$server.fence
    open_server
    "$work_of_each"
  done
}

remember() {
  wanted_read "$wanted_file"
  eval "kept_$nth=\$kept row_$nth=\$kept_row"
}

# Nothing has become of it: what was wanted before of each of them is wanted still.
wanted_undo() { each forget; }

forget() {
  eval "wanted_put \"\$kept_$nth\" \"\$row_$nth\""
  wanted_sync
}
