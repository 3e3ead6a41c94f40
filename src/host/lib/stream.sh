# A stream of bytes from a program to the store. A program asks for this text with `# uses: give-up progress store work stream`.

# Sets `work`.
stream_begin() { # SOURCE ID
  stream_id=$2
  store_at "$1" "$2"
  work_begin "$2"
}

# Whoever sends must be asked afterwards whether it came to its end: the store cannot know. Why the store failed is told by
# `stream_taken`.
stream_send() { # FILE-NAME EXPECTED-BYTES <STREAM
  mkfifo "$work/sum"
  sha256sum <"$work/sum" >"$work/sum.said" &
  tee "$work/sum" | {
    store_restic backup --stdin --stdin-filename "$1" --host "$(hostname)" --tag "$stream_id" --json 2>&1 ||
      echo $? >"$work/store.code"
  } | store_progress "$2" "$work/summary" 2>"$work/store.said"
  wait $!
}

# A sender fails, too, where nobody takes what it sends: this is asked first. Where nothing came, the sender is to be asked.
stream_taken() {
  [ -e "$work/store.code" ] || return 0
  grep -q 'snapshot is empty' "$work/store.said" || stream_refused
}

stream_refused() {
  give_up 42 "the store took no backup: restic ended with $(cat "$work/store.code"): $(tail -n 3 "$work/store.said")"
}

stream_facts() { # MOMENT
  [ ! -e "$work/store.code" ] || stream_refused
  echo "at $1"
  echo "restic $(cat "$work/summary")"
  echo "sum $(cut -d ' ' -f 1 "$work/sum.said")"
}
