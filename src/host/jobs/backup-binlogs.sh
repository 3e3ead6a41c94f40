# Streams the binary logs of a server to the store, from where another backup ends: each is closed, and read to its end, before.
# usage: backup-binlogs SOURCE ID SOCKET EXPECTED-BYTES FILE AT MARK
#   FILE, AT  where the other one ends; MARK: what this file begins with, see `binlog_mark`
# keeps as its result KEY VALUE lines: the moment, what restic says in the end, the sum of the stream, the server's version, its
#   place in the binary log, `from FILE AT`, `log MARK ZONE` of that place, what `database_birth` says
# exits 30 where a program is missing, 31 without its secrets, 40 where the server does not answer, 41 they could not be copied,
#   42 the store failed, 57 they do not follow, 58 a log is broken
# uses: give-up progress store work stream database binlog result
set -eu
source=$1 id=$2 socket=$3 expected=$4 file=$5 at=$6 mark=$7
stream_begin "$source" "$id"
database_at mariadb "$socket" "$store_secrets/login"
database_needs mariadb-binlog
folder=$(binlog_folder)
birth=$(database_birth)

# All that was committed before is in logs that nobody writes to any more.
moment=$(date -u +%Y-%m-%dT%H:%M:%SZ)
said=$(database_ask 'FLUSH BINARY LOGS' 2>&1) || give_up 40 "the server does not close its binary log: $said"
database_ask "SELECT CONCAT('server ', VERSION()); SHOW BINARY LOGS" >"$work/all" 2>"$work/said" ||
  give_up 40 "the server does not name its binary logs: $(tail -n 1 "$work/said")"
next=$(tail -n 1 "$work/all" | cut -f 1)
sed 1d "$work/all" | cut -f 1 | sed '$d' | awk -v first="$file" '$0 == first { on = 1 } on' >"$work/logs"
[ -s "$work/logs" ] || give_up 57 "the server does not have its binary log $file any more; take a full backup"
{ [ "$(binlog_mark "$folder/$file")" = "$mark" ] && [ "$(stat -c %s "$folder/$file")" -ge "$at" ]; } ||
  give_up 57 "its binary log $file is not the one that the other backup saw; take a full backup"

while IFS= read -r log; do
  echo "reading $log" >"$PAWL_PROGRESS"
  binlog_read "$folder/$log" "$work"
  [ "$binlog_fault" = '' ] ||
    give_up 58 "its binary log $log is broken, so it is not backed up: $binlog_fault; take a full backup"
done <"$work/logs"

mkfifo "$work/tar"
tar -C "$folder" -cf - --verbatim-files-from -T "$work/logs" >"$work/tar" 2>"$work/tar.said" &
tar=$!
stream_send binlogs.tar "$expected" <"$work/tar"
stream_taken
wait "$tar" || give_up 41 "its binary logs could not be copied: $(tail -n 3 "$work/tar.said")"
{
  stream_facts "$moment"
  head -n 1 "$work/all"
  echo "position MASTER_LOG_FILE='$next', MASTER_LOG_POS=4;"
  echo "from $file $at"
  echo "log $(binlog_mark "$folder/$next") $(binlog_zone)"
  echo "birth $birth"
} >"$work/result"
result_keep "$id" "$work/result"
