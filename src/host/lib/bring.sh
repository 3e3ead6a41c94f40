# Brings a backup back into a place of `place.sh`: the same for a drill and for a restore. A program asks for this text with
# `# uses: give-up progress place database scratch tables binlog replay bring`, and defines `bring_restic`, which reads the repository.

# Sets `bring_snapshots`, those before `--`, and `bring_more`, by which its caller has to shift.
bring_listed() { # SNAPSHOT… -- ARGUMENT…
  bring_snapshots= bring_more=1
  while [ "$1" != -- ]; do
    bring_snapshots="$bring_snapshots $1"
    bring_more=$((bring_more + 1))
    shift
  done
}

# Sets `bring_from`, the bytes that came before, for the next one.
bring_stream() { # SNAPSHOT FILE EXPECTED-BYTES
  { bring_restic dump "$1" "$2" 2>"$place/read" || echo $? >"$place/code"; } |
    progress_counted "$place/passed" "${bring_from:-0}" "$3"
}

# Whoever takes a stream fails, too, where it ends too soon: this is asked first.
bring_read() { # SNAPSHOT
  bring_from=$((${bring_from:-0} + $(progress_bytes "$place/passed")))
  [ ! -e "$place/code" ] || give_up 45 "$1 cannot be read: $(last_words "$place/read")"
}

# A server holds what was dumped; nobody looks at it before it is whole.
bring_dump() { # SNAPSHOT EXPECTED-BYTES
  scratch_install
  scratch_start
  bring_stream "$1" /dump.sql "$2" | scratch_sql >"$place/out" 2>&1 || taken=no
  bring_read "$1"
  [ "${taken:-yes}" = yes ] || give_up 49 "the server does not take it: $(tail -n 3 "$place/out")"
  scratch_stop
  scratch_start --skip-grant-tables
}

# A dump, and all logs of increments on it. Sets `bring_measured`, seconds that went into `$place/dumped`: what the dump alone holds,
# where there are logs.
bring_logical() { # EXPECTED-BYTES SUMS(yes|no) FILE|- AT END ZONE UNTIL|- SNAPSHOT…
  bring_bytes=$1 bring_sums=$2 bring_file=$3 bring_at=$4 bring_end=$5 bring_until=$7 bring_measured=0
  [ "$3" = - ] || replay_zone "$6"
  bring_dump "$8" "$1"
  shift 8
  [ "$bring_file" != - ] || return 0
  bring_began=$(date +%s)
  scratch_tables "$bring_sums" >"$place/dumped"
  bring_measured=$(($(date +%s) - bring_began))
  bring_logs "$@"
  binlog_from "$place/logs" "$bring_file" >"$place/files"
  # the one after the last is where the newest increment ends
  [ "$binlog_next" = "$bring_end" ] || give_up 49 "the binary log $binlog_next is in none of them"
  # shellcheck disable=SC2046 # a name each
  set -- $(cat "$place/files")
  echo "replaying $# binary logs" >"$PAWL_PROGRESS"
  replay "$place/logs" "$bring_at" "$bring_until" "$@"
  [ "$replay_unread" = '' ] || give_up 49 "its binary logs cannot be read: $replay_unread"
  [ "$replay_refused" = '' ] || give_up 49 "the server does not take its binary logs: $replay_refused"
  rm -rf "$place/logs"
}

bring_logs() { # SNAPSHOT…
  database_needs mariadb-binlog
  install -d -m 700 -o mysql -g mysql "$place/logs"
  for snapshot in "$@"; do
    bring_stream "$snapshot" /binlogs.tar "$bring_bytes" | scratch_as_server tar -x -C "$place/logs" >"$place/out" 2>&1 || taken=no
    bring_read "$snapshot"
    [ "${taken:-yes}" = yes ] || give_up 49 "$snapshot does not unpack: $(tail -n 3 "$place/out")"
  done
}

# `KEY VALUE` lines of what `bring_logical` has brought.
bring_measure() { # SUMS(yes|no) UNTIL|- QUERY…
  if [ -e "$place/dumped" ]; then
    cat "$place/dumped"
    echo replayed
  fi
  # nobody knows what they held at a moment in between
  if [ "$2" = - ]; then scratch_tables "$1"; else scratch_tables no; fi
  shift 2
  scratch_queries "$@"
}

# The files of a server, of a full backup and of all that build on it.
bring_chain() { # EXPECTED-BYTES SNAPSHOT…
  bring_bytes=$1
  database_needs mariadb-backup mbstream
  bring_part "$2" "$place/data"
  bring_applied "$2"
  shift 2
  for snapshot in "$@"; do
    bring_part "$snapshot" "$place/part"
    bring_applied "$snapshot" --incremental-dir="$place/part"
    rm -rf "$place/part"
  done
}

bring_part() { # SNAPSHOT FOLDER
  install -d -m 700 -o mysql -g mysql "$2"
  bring_stream "$1" /backup.mbstream "$bring_bytes" | scratch_as_server mbstream -x -C "$2" >"$place/out" 2>&1 || taken=no
  bring_read "$1"
  [ "${taken:-yes}" = yes ] || give_up 49 "$1 does not unpack: $(tail -n 3 "$place/out")"
}

bring_applied() { # SNAPSHOT OPTION…
  applied=$1
  shift
  echo "applying $applied" >"$PAWL_PROGRESS"
  scratch_as_server mariadb-backup --no-defaults --prepare --target-dir="$place/data" "$@" >"$place/out" 2>&1 ||
    give_up 49 "$applied cannot be restored: $(tail -n 3 "$place/out")"
  tail -n 1 "$place/out" | grep -q 'completed OK!$' || give_up 49 "$applied cannot be restored: it has no end"
}

# Only what tells the shape of the files, and no paths: the rest of that file is none of ours.
bring_shape() {
  sed -n 's/^\(innodb_page_size\|innodb_data_file_path\|innodb_undo_tablespaces\)=\([A-Za-z0-9_:;.-]*\)$/--\1=\2/p' "$place/data/backup-my.cnf"
}

# A repository, `$place/files/all.git`, made by the account that `$place/files` belongs to.
bring_bundle() { # SNAPSHOT EXPECTED-BYTES
  command -v git >/dev/null || give_up 30 'has no git'
  (umask 077 && : >"$place/all.bundle")
  bring_stream "$1" /all.bundle "$2" >"$place/all.bundle"
  bring_read "$1"
  chown --reference="$place/files" "$place/all.bundle"
  {
    bring_git init --quiet --bare empty.git && bring_git -C empty.git bundle verify --quiet "$place/all.bundle" &&
      bring_git clone --quiet --mirror "$place/all.bundle" all.git
  } >"$place/said" 2>&1 || give_up 49 "git does not take it: $(tail -n 3 "$place/said")"
}

bring_git() { # ARGUMENT…
  (
    cd "$place/files"
    exec setpriv --reuid "$(stat -c %u .)" --regid "$(stat -c %g .)" --clear-groups env HOME="$place/files" git "$@"
  )
}

# Lines `ref COMMIT NAME`, of a repository in which git finds nothing wrong.
bring_refs() {
  bring_git -C all.git fsck --full --no-dangling --no-progress >"$place/said" 2>&1 ||
    give_up 49 "git finds it broken: $(tail -n 3 "$place/said")"
  bring_git -C all.git for-each-ref --format='ref %(objectname) %(refname)'
}
