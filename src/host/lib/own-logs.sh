# What a damaged server's own binary logs hold since its backup, replayed into what is staged. A program asks for this text with
# `# uses: give-up place staged database configured scratch tables binlog replay own-logs`.
#
# /var/lib/pawl/backups/swaps has a line for each database that came back in its place, seconds since 1970 and its folder: from there on
# logs tell another story.

own_logs_swaps=/var/lib/pawl/backups/swaps

# Sets `own_logs_folder`. Prints in words why they do not follow on the backup, and nothing where they do.
own_logs_trouble() { # TARGET FILE AT MARK SINCE
  own_logs_base=$(configured_value log-bin)
  case $own_logs_base in
  '' | FALSE | OFF) echo 'its configuration has no binary log' && return ;;
  /*) own_logs_folder=${own_logs_base%/*} ;;
  *) own_logs_folder=$1 ;;
  esac
  own_logs_first=$own_logs_folder/$2
  if [ ! -f "$own_logs_first" ]; then
    echo "there is no $own_logs_first"
  elif [ "$(binlog_mark "$own_logs_first")" != "$4" ] || [ "$(stat -c %s "$own_logs_first")" -lt "$3" ]; then
    echo "$own_logs_first is not the one that the backup saw"
  elif awk -v since="$5" -v target="$1" '$1 > since && $2 == target { found = 1 } END { exit !found }' "$own_logs_swaps" 2>/dev/null; then
    echo 'another backup came back in its place since'
  fi
}

# Its owner stands still. Keeps in `own` of the journal one line, `own yes|no MOMENT|- WORDS`: whether all that was committed is there,
# up to when, and why not further. Ends in an error only where what is staged may be spoilt.
own_logs_replay() ( # TARGET STAGED FILE AT MARK ZONE SINCE
  own_logs_trouble "$1" "$3" "$4" "$5" "$7" >"$staged_journal/own.said"
  if [ -s "$staged_journal/own.said" ]; then
    own_logs_keep "no - $(cat "$staged_journal/own.said")"
    exit
  fi
  place=${2%/*}
  trap scratch_stop EXIT
  scratch_begin
  replay_zone "$6"
  scratch_shape=$(configured_shape)
  own_logs_staged=$2 own_logs_at=$4
  own_logs_readable "$3"
  # shellcheck disable=SC2046 # a name each
  set -- $(cat "$place/files")
  echo "replaying $# binary logs of the server" >"$PAWL_PROGRESS"
  replay "$own_logs_folder" "$own_logs_at" - "$@"
  scratch_stop
  [ "${scratch_code:-0}" -eq 0 ] || give_up 48 "the scratch server did not end well: $(tail -n 3 "$place/log")"
  sync -f "$own_logs_staged"
  if [ "$replay_refused" != '' ]; then
    own_logs_keep "no - the server does not take all of them: $replay_refused"
  elif [ "$binlog_fault$replay_unread" != '' ]; then
    own_logs_keep "no $binlog_moment ${binlog_fault:-$replay_unread}"
  elif [ "$own_logs_named" != "$(tail -n 1 "$place/files")" ]; then
    own_logs_keep "no $binlog_moment $binlog_next, or the list of all logs, is missing"
  else
    own_logs_keep "yes $binlog_moment"
  fi
)

# Into `$place/files`, a log and those that follow on it, up to the first that is spoilt; after it would be a hole. Sets `own_logs_named`,
# the last one that the server knew.
own_logs_readable() { # FILE
  own_logs_named=$(tail -n 1 "$own_logs_folder/${1%.*}.index" 2>/dev/null || true)
  own_logs_named=${own_logs_named##*/}
  binlog_from "$own_logs_folder" "$1" >"$place/all"
  : >"$place/files"
  while IFS= read -r own_logs_file; do
    echo "reading the server's own $own_logs_file" >"$PAWL_PROGRESS"
    echo "$own_logs_file" >>"$place/files"
    binlog_read "$own_logs_folder/$own_logs_file" "$place" scratch_as_server
    [ "$binlog_fault" = '' ] || return 0
  done <"$place/all"
}

own_logs_keep() { # WORDS
  printf 'own %s\n' "$1" >"$staged_journal/own.new"
  sync "$staged_journal/own.new"
  mv -T "$staged_journal/own.new" "$staged_journal/own"
  sync "$staged_journal"
}
