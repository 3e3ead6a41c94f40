# Replays binary logs into the database server of `scratch.sh`. A program asks for this text with `# uses: give-up place
# database scratch tables binlog replay`.

# Where statements of logs do not say in which time zone they are meant, it is this one.
replay_zone() { # ZONE
  [ "$1" = UTC ] || [ -e "/usr/share/zoneinfo/$1" ] || give_up 30 "does not know the time zone $1: install tzdata"
  scratch_zone=$1
}

# Starts the server anew, and leaves it to whoever looks at it. Sets `replay_unread`, what is wrong with the logs, and
# `replay_refused`, what the server does not take; all before that is in the server. Both empty: it came to its end.
replay() { # FOLDER AT UNTIL|- FILE…
  replay_folder=$1 replay_at=$2 replay_until=$3 replay_unread='' replay_refused=''
  shift 3
  for replay_file in "$@"; do
    shift
    set -- "$@" "$replay_folder/$replay_file"
  done
  [ "$replay_until" = - ] || set -- --stop-datetime="$replay_until" "$@"
  rm -f "$place/code"
  scratch_stop
  scratch_open
  {
    scratch_as_server env TZ=UTC mariadb-binlog --no-defaults --verify-binlog-checksum --local-load="$place" \
      --start-position="$replay_at" "$@" 2>"$place/read" || echo $? >"$place/code"
  } | scratch_as_server mariadb --no-defaults --socket="$place/socket" --user="$scratch_user" --binary-mode \
    --max-allowed-packet=1G --local-infile=1 >"$place/out" 2>&1 || replay_refused=$(tail -n 1 "$place/out" | grep . || echo "it ended")
  # whoever sends fails, too, where nobody takes it
  [ "$replay_refused" != '' ] || [ ! -e "$place/code" ] || replay_unread=$(tail -n 1 "$place/read" | grep . || echo 'it has no end')
  scratch_closed
}
