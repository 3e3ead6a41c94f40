# A database server that nobody else sees, to try a backup in. A program asks for this text with `# uses: give-up scratch tables`.

scratch_begin() { # FOLDER NEEDED-BYTES
  scratch=$1
  for program in mariadbd mariadb-install-db mariadb setpriv; do
    command -v "$program" >/dev/null || give_up 30 "has no $program"
  done
  rm -rf "$scratch"
  mkdir -p "$scratch"
  trap scratch_end EXIT
  [ "$(($(stat -f -c '%a * %S' "$scratch")))" -ge "$2" ] || give_up 20 "${scratch%/*} has too little space for it"
  # the server's account must come by
  chmod 711 "${scratch%/*}"
  chown mysql: "$scratch"
}

# An empty server.
scratch_install() {
  mariadb-install-db --no-defaults --datadir="$scratch/data" --user=mysql --skip-test-db \
    --auth-root-authentication-method=normal >"$scratch/said" 2>&1 ||
    give_up 48 "a scratch server cannot be made: $(grep -i error "$scratch/said" | tail -n 3)"
}

# As the account of the server: what a backup holds can harm nobody else.
scratch_as_server() { # PROGRAM ARGUMENT…
  (cd "$scratch" && exec setpriv --reuid mysql --regid mysql --clear-groups env HOME="$scratch" "$@")
}

# With its own accounts it takes a dump, events among it; whoever looks at it then needs none of those that came with it.
scratch_start() { # OPTION…
  mariadbd --no-defaults --datadir="$scratch/data" --user=mysql --socket="$scratch/socket" --pid-file="$scratch/pid" \
    --skip-networking --skip-log-bin --innodb-flush-log-at-trx-commit=0 \
    --max-allowed-packet=1G "$@" >>"$scratch/log" 2>&1 &
  scratch_pid=$!
  tries=600
  until scratch_sql --execute 'SELECT 1' >/dev/null 2>&1; do
    tries=$((tries - 1))
    { [ "$tries" -gt 0 ] && kill -0 "$scratch_pid" 2>/dev/null; } ||
      give_up 48 "the scratch server does not start: $(tail -n 3 "$scratch/log")"
    sleep 0.1
  done
}

scratch_sql() { # ARGUMENT…
  mariadb --no-defaults --socket="$scratch/socket" --default-character-set=utf8mb4 --batch --skip-column-names --raw "$@"
}

# What the server holds: its tables, and `query NUMBER ANSWER` for each query.
scratch_measure() { # SUMS(yes|no) QUERY…
  echo 'summing up tables' >"$PAWL_PROGRESS"
  scratch_sql --execute "$(tables_statements "$1")" >"$scratch/statements"
  scratch_sql <"$scratch/statements" >"$scratch/tables" 2>"$scratch/out" ||
    give_up 49 "tables cannot be summed up: $(tail -n 1 "$scratch/out")"
  cat "$scratch/tables"
  shift
  number=0
  for query in "$@"; do
    number=$((number + 1))
    answer=$(scratch_sql --execute "$query" 2>"$scratch/out") || give_up 50 "query $number fails: $(tail -n 1 "$scratch/out")"
    printf 'query %s %s\n' "$number" "$(printf '%s' "$answer" | head -n 1 | head -c 200)"
  done
}

# What the server itself finds wrong: `fault WORDS`, and `checked NUMBER` of tables that it has looked through.
scratch_check() {
  echo 'checking tables' >"$PAWL_PROGRESS"
  sed -n 's/^.*\[ERROR\]/fault the server says:/p' "$scratch/log" | head -n 5
  scratch_sql --execute "$(tables_checks)" >"$scratch/statements"
  scratch_sql <"$scratch/statements" >"$scratch/checks" 2>"$scratch/out" ||
    give_up 49 "tables cannot be checked: $(tail -n 1 "$scratch/out")"
  awk -F '\t' '$3 == "error" || $3 == "Error" || ($3 == "status" && $4 != "OK") { print "fault " $1 ": " $4 }' "$scratch/checks"
  echo "checked $(cut -f 1 "$scratch/checks" | sort -u | wc -l)"
}

scratch_stop() {
  [ -n "${scratch_pid:-}" ] || return 0
  kill "$scratch_pid" 2>/dev/null || true
  wait "$scratch_pid" 2>/dev/null || true
  scratch_pid=
}

scratch_end() {
  scratch_stop
  rm -rf "$scratch"
}
