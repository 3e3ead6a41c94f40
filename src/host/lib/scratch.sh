# A database server that nobody else sees, in a place of `place.sh`. A program asks for this text with `# uses: give-up place
# database scratch tables`, and calls `database_of`.

scratch_begin() {
  database_needs "$database_server" "$database_maker" "$database_client" setpriv
  chown mysql: "$place"
  setpriv --reuid mysql --regid mysql --clear-groups test -x "$place" ||
    give_up 48 "the server's account, mysql, does not come into ${place%/*}"
  place_leave() { scratch_stop; }
}

# An empty server. `scratch_shape`, where it is set, has options that files must have been made with.
# shellcheck disable=SC2086 # an option each
scratch_install() {
  # root comes in without a password, for only root of this host reaches the socket
  case $database_kind in
  mariadb) set -- --skip-test-db --auth-root-authentication-method=normal ;;
  mysql) set -- --initialize-insecure ;;
  esac
  "$database_maker" --no-defaults "$@" --datadir="$place/data" --user=mysql ${scratch_shape:-} >"$place/said" 2>&1 ||
    give_up 48 "a scratch server cannot be made: $(grep -i error "$place/said" | tail -n 3)"
}

# As the account of the server: what a backup holds can harm nobody else.
scratch_as_server() { # PROGRAM ARGUMENT…
  (cd "$place" && exec setpriv --reuid mysql --regid mysql --clear-groups env HOME="$place" "$@")
}

# With its own accounts it takes a dump, events among it; whoever looks at it then needs none of those that came with it.
# shellcheck disable=SC2086 # an option each
scratch_start() { # OPTION…
  env ${scratch_zone:+TZ="$scratch_zone"} "$database_server" --no-defaults --datadir="$place/data" --user=mysql --socket="$place/socket" \
    --pid-file="$place/pid" --skip-networking --loose-mysqlx=OFF --skip-log-bin --innodb-flush-log-at-trx-commit=0 \
    --max-allowed-packet=1G ${scratch_shape:-} "$@" >>"$place/log" 2>&1 &
  scratch_pid=$!
  tries=600
  until scratch_sql --execute 'SELECT 1' >/dev/null 2>&1; do
    tries=$((tries - 1))
    { [ "$tries" -gt 0 ] && kill -0 "$scratch_pid" 2>/dev/null; } ||
      give_up 48 "the scratch server does not start: $(tail -n 3 "$place/log")"
    sleep 0.1
  done
}

scratch_sql() { # ARGUMENT…
  "$database_client" --no-defaults --user="${scratch_user:-root}" --socket="$place/socket" --default-character-set=utf8mb4 --batch --skip-column-names --raw "$@"
}

# With the accounts that it holds at work, which events need, and accounts themselves. One more comes in, past them, until
# `scratch_closed`.
scratch_open() {
  scratch_user=pawl-replay
  scratch_rights='{"access":18446744073709551615,"plugin":"mysql_native_password","authentication_string":""}'
  printf '%s\n' "REPLACE INTO mysql.global_priv VALUES ('localhost', '$scratch_user', '$scratch_rights');" 'FLUSH PRIVILEGES;' \
    >"$place/open.sql"
  scratch_start --init-file="$place/open.sql"
}

scratch_closed() {
  scratch_stop
  scratch_user=root
  scratch_start --skip-grant-tables
  scratch_sql --execute "DELETE FROM mysql.global_priv WHERE user = 'pawl-replay'"
}

# What the server holds: its tables, and `query NUMBER ANSWER` for each query.
scratch_measure() { # SUMS(yes|no) QUERY…
  scratch_tables "$1"
  shift
  scratch_queries "$@"
}

scratch_tables() { # SUMS(yes|no)
  echo 'summing up tables' >"$PAWL_PROGRESS"
  scratch_sql --execute "$(tables_statements "$1")" >"$place/statements"
  scratch_sql <"$place/statements" >"$place/tables" 2>"$place/out" ||
    give_up 49 "tables cannot be summed up: $(tail -n 1 "$place/out")"
  cat "$place/tables"
}

scratch_queries() { # QUERY…
  number=0
  for query in "$@"; do
    number=$((number + 1))
    answer=$(scratch_sql --execute "$query" 2>"$place/out") || give_up 50 "query $number fails: $(tail -n 1 "$place/out")"
    printf 'query %s %s\n' "$number" "$(printf '%s' "$answer" | head -n 1 | head -c 200)"
  done
}

# What the server itself finds wrong: `fault WORDS`, and `checked NUMBER` of tables that it has looked through.
scratch_check() {
  echo 'checking tables' >"$PAWL_PROGRESS"
  sed -n 's/^.*\[ERROR\]/fault the server says:/p' "$place/log" | head -n 5
  scratch_sql --execute "$(tables_checks)" >"$place/statements"
  scratch_sql <"$place/statements" >"$place/checks" 2>"$place/out" ||
    give_up 49 "tables cannot be checked: $(tail -n 1 "$place/out")"
  awk -F '\t' '$3 == "error" || $3 == "Error" || ($3 == "status" && $4 != "OK") { print "fault " $1 ": " $4 }' "$place/checks"
  echo "checked $(cut -f 1 "$place/checks" | sort -u | wc -l)"
}

scratch_stop() {
  [ -n "${scratch_pid:-}" ] || return 0
  kill "$scratch_pid" 2>/dev/null || true
  wait "$scratch_pid" 2>/dev/null || scratch_code=$?
  scratch_pid=
}
