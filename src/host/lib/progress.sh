# How far a piece of work is, for whoever waits. A program asks for this text with `# uses: progress`.

progress_says() { # BYTES EXPECTED-BYTES
  if [ "$2" -gt 0 ]; then percent=$((100 * $1 / $2)); else percent=0; fi
  # nobody knows better before the end
  [ "$percent" -lt 100 ] || percent=99
  printf '%s %s\n' "$1" "$percent" >"$PAWL_PROGRESS"
}

# Passes a stream on, and says how much has come by. FILE has its bytes in the end.
progress_counted() { # FILE BYTES-BEFORE EXPECTED-BYTES <STREAM
  { while sleep 2; do progress_says "$(($2 + $(progress_bytes "$1")))" "$3"; done; } 2>/dev/null &
  counting=$!
  passed=0
  LC_ALL=C dd bs=1M status=progress 2>"$1" || passed=$?
  kill "$counting" 2>/dev/null || true
  return "$passed"
}

progress_bytes() { # FILE
  tail -c 300 "$1" | tr '\r' '\n' | awk '/ bytes? .*copied/ { bytes = $1 } END { printf "%.0f\n", bytes }'
}
