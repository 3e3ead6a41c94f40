# Streams a dump of all databases to the store, with what each table held at that moment.
# usage: backup-dump SOURCE ID mariadb|mysql SOCKET EXPECTED-BYTES SUMS(yes|no)
# keeps as its result KEY VALUE lines: the moment, what restic says in the end, the sum of the stream, the dump's head; `log
#   MARK ZONE` and what `database_birth` says, where others can build on it by binary logs; then the tables, see
#   `tables_statements`
# exits 31 without its secrets, 40 where the server gives no moment, 41 the dump failed, 42 the store failed, 43 tables could
#   not be summed up
# uses: give-up progress store work stream database binlog tables result
set -eu
source=$1 id=$2 kind=$3 socket=$4 expected=$5 sums=$6
# for so long writers may have to wait
lock_seconds=20
stream_begin "$source" "$id"
database_at "$kind" "$socket" "$store_secrets/login"

client() { # PROGRAM ARGUMENT…
  program=$1
  shift
  database_run "$program" --default-character-set=utf8mb4 "$@"
}

# Where these are not to be had, it is a backup all the same, and increments need another one.
logs= birth=
if [ "$kind" = mariadb ]; then
  logs=$(binlog_folder 2>/dev/null) || logs=
  birth=$(database_birth 2>/dev/null) || birth=
fi
options= position=--master-data=2
if [ "$kind" = mysql ]; then
  # whoever restores it has a history of its own; a login needs no right to see tablespaces
  options='--set-gtid-purged=OFF --no-tablespaces'
  ! mysqldump --help | grep -q -- --source-data || position=--source-data=2
fi
# While nobody writes: the log that it names is still this one.
note_log() {
  log=$(sed -n "s/^-- CHANGE MASTER TO MASTER_LOG_FILE='\([^']*\)'.*/\1/p" "$work/head")
  mark=$([ "$logs" = '' ] || binlog_mark "$logs/$log")
  [ "$mark" = '' ] || [ "$birth" = '' ] || printf 'log %s %s\nbirth %s\n' "$mark" "$(binlog_zone)" "$birth" >"$work/log"
}

# A session that goes on: statements are written to NAME.in, and what it answers is read from NAME.out.
mkfifo "$work/lock.in" "$work/lock.out" "$work/look.in" "$work/look.out" "$work/dump"
client "$database_client" --batch --skip-column-names --unbuffered <"$work/lock.in" >"$work/lock.out" 2>"$work/lock.said" &
exec 3>"$work/lock.in" 4<"$work/lock.out"
client "$database_client" --batch --skip-column-names --unbuffered <"$work/look.in" >"$work/look.out" 2>"$work/look.said" &
exec 5>"$work/look.in" 6<"$work/look.out"

# One moment for the dump and for the sums: nobody writes until both have begun.
echo "SET SESSION lock_wait_timeout = $lock_seconds; FLUSH TABLES WITH READ LOCK; SELECT 'locked';" >&3
read -r word <&4 || give_up 40 "the server gives no moment: $(tail -n 1 "$work/lock.said")"
moment=$(date -u +%Y-%m-%dT%H:%M:%SZ)
echo "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT; SELECT 'stands';" >&5
read -r word <&6 || give_up 40 "the server gives no moment: $(tail -n 1 "$work/look.said")"
echo "SELECT IF(@@log_bin, '$position', '');" >&5
read -r position <&6
# by itself it would write 4 KiB at a time, and more time goes into passing those on than into reading rows
# shellcheck disable=SC2086 # none where it is empty
database_through='stdbuf --output=64K' client "$database_dump" --all-databases --single-transaction --routines --triggers --events --hex-blob \
  $options $position >"$work/dump" 2>"$work/dump.said" &
dump=$!
# whoever hangs here would hold up all who write
{ sleep "$lock_seconds" && kill "$dump"; } 2>/dev/null &
guard=$!

# What comes before the first database is read line by line; from there on writers go on.
head_then_all() {
  while IFS= read -r line; do
    printf '%s\n' "$line"
    case $line in
    '-- Current Database: '*)
      note_log
      echo "UNLOCK TABLES; SELECT 'free';" >&3
      read -r word <&4 && break
      ;;
    *) printf '%s\n' "$line" >>"$work/head" ;;
    esac
  done
  kill "$guard" 2>/dev/null || true
  cat
}

head_then_all <"$work/dump" | stream_send dump.sql "$expected"
stream_taken
wait "$dump" || give_up 41 "the dump failed: $(tail -n 3 "$work/dump.said")"

client "$database_client" --batch --skip-column-names --raw --execute "$(tables_statements "$sums")" \
  >"$work/statements" 2>"$work/look.said" || give_up 43 "tables cannot be listed: $(tail -n 1 "$work/look.said")"
echo 'summing up tables' >"$PAWL_PROGRESS"
{ cat "$work/statements" && echo "SELECT 'end';"; } >&5 &
while IFS= read -r line <&6; do
  [ "$line" != end ] || break
  printf '%s\n' "$line"
done >"$work/tables"
[ "${line:-}" = end ] || give_up 43 "tables cannot be summed up: $(tail -n 1 "$work/look.said")"

{
  stream_facts "$moment"
  sed -n 's/^-- CHANGE \(MASTER\|REPLICATION SOURCE\) TO /position /p; s/^-- Server version[[:space:]]*/server /p' "$work/head"
  cat "$work/log" 2>/dev/null || true
  cat "$work/tables"
} >"$work/result"
result_keep "$id" "$work/result"
