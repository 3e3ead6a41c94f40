# What a backup needs to know of a database. Changes nothing.
# usage: look-database mariadb|mysql SOCKET LOGIN-FILE|- logical|physical
# prints KEY VALUE lines: version, binlog ON|OFF, bytes of all tables or files; logical: uncovered NAME for each table that no
#   transaction covers, and where its binary logs can be read `log NAME MARK` for each; physical: lsn; with these two what
#   `database_birth` says
# exits 30 where a program is missing, 40 where the server does not answer
# uses: give-up database binlog volume
set -eu
database_at "$1" "$2" "$3"
method=$4
takes=$database_dump
[ "$method" = logical ] || takes=mariadb-backup
database_needs "$database_client" "$takes"
ask() { # STATEMENT
  said=$(database_ask "$1" 2>&1) || give_up 40 "the server does not answer: $(printf '%s' "$said" | tail -n 1)"
  printf '%s\n' "$said"
}
ask "SELECT CONCAT('version ', VERSION()); SELECT CONCAT('binlog ', IF(@@log_bin, 'ON', 'OFF'))"
if [ "$method" = physical ]; then
  ask "SELECT CONCAT('lsn ', variable_value) FROM information_schema.global_status WHERE variable_name = 'INNODB_LSN_CURRENT'"
  birth=$(database_birth)
  echo "birth $birth"
  folder=$(ask 'SELECT @@datadir')
  # files come and go while they are counted
  echo "bytes $({ printf '%s\n' "$volume_own" | du -s --block-size=1 --exclude='ib_logfile*' --exclude-from=- "$folder" 2>/dev/null || true; } | cut -f 1)"
else
  ask "SELECT CONCAT('bytes ', COALESCE(SUM(data_length), 0)) FROM information_schema.tables;
    SELECT CONCAT('uncovered ', t.table_schema, '.', t.table_name)
    FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
    WHERE t.table_type = 'BASE TABLE' AND e.transactions <> 'YES'
      AND t.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')"
  # replaying its logs is known of MariaDB alone
  [ "$database_kind" = mariadb ] || exit 0
  birth=$(database_birth 2>/dev/null) || exit 0
  folder=$(binlog_folder 2>/dev/null) || exit 0
  echo "birth $birth"
  { database_ask 'SHOW BINARY LOGS' 2>/dev/null || true; } | cut -f 1 | while IFS= read -r log; do
    mark=$(binlog_mark "$folder/$log")
    [ "$mark" = '' ] || echo "log $log $mark"
  done
fi
