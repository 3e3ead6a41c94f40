# Streams the files of a MariaDB to the store while it is at work, or what changed in them.
# usage: backup-physical SOURCE ID SOCKET EXPECTED-BYTES LSN|-
#   LSN  from which on; -: all
# keeps as its result KEY VALUE lines: the moment, what restic says in the end, the sum of the stream, the server's version and
#   its place in the binary log, `lsn FROM TO LAST`, what `database_birth` says
# exits 31 without its secrets, 40 where the server does not answer, 41 it could not be copied, 42 the store failed
# uses: give-up progress store work stream database result
set -eu
source=$1 id=$2 socket=$3 expected=$4 since=$5
stream_begin "$source" "$id"
database_at mariadb "$socket" "$store_secrets/login"
birth=$(database_birth)
begun=$(date -u +%Y-%m-%dT%H:%M:%SZ)
set --
[ "$since" = - ] || set -- --incremental-lsn="$since"

mkfifo "$work/files"
TZ=UTC database_run mariadb-backup --backup --stream=mbstream --target-dir="$work/target" --extra-lsndir="$work/facts" "$@" \
  >"$work/files" 2>"$work/backup.said" &
backup=$!
stream_send backup.mbstream "$expected" <"$work/files"
stream_taken
wait "$backup" || give_up 41 "the server's files could not be copied: $(tail -n 3 "$work/backup.said")"
tail -n 1 "$work/backup.said" | grep -q 'completed OK!$' || give_up 41 'the copy of the server has no end'
grep -q '^partial = N' "$work/facts/xtrabackup_info" || give_up 41 'a setting of the server leaves tables out of its copies'

# Commits are held up from here on, for a moment: it is the last one that the copy holds. Older programs do not tell it.
moment=$(sed -n '/BACKUP STAGE BLOCK_COMMIT/{s/^.*\([0-9]\{4\}-[0-9-]*\) \([0-9:]\{8\}\) .*$/\1T\2Z/p;q}' "$work/backup.said")
{
  stream_facts "${moment:-$begun}"
  sed -n "s/^server_version = /server /p
    s/^binlog_pos = filename '\([^']*\)', position '\([0-9]*\)'.*/position MASTER_LOG_FILE='\1', MASTER_LOG_POS=\2;/p" \
    "$work/facts/xtrabackup_info"
  sed -n 's/^\(from\|to\|last\)_lsn = //p' "$work/facts/xtrabackup_checkpoints" | paste -s -d ' ' | sed 's/^/lsn /'
  echo "birth $birth"
} >"$work/result"
result_keep "$id" "$work/result"
