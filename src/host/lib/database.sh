# The database server of this host: its programs, and what it answers. A program asks for this text with `# uses: give-up
# database`.

# Names of its programs. MariaDB's packages have those of MySQL too, as links: which ones are there tells nothing.
database_of() { # mariadb|mysql
  database_kind=$1
  case $1 in
  mariadb) database_client=mariadb database_dump=mariadb-dump database_server=mariadbd database_maker=mariadb-install-db ;;
  mysql) database_client=mysql database_dump=mysqldump database_server=mysqld database_maker=mysqld ;;
  *) give_up 30 "is asked for a database of another kind: $1" ;;
  esac
}

database_needs() { # PROGRAM…
  for database_program; do
    command -v "$database_program" >/dev/null || give_up 30 "has no $database_program"
  done
}

# Seconds after which a program that asks is ended; empty: it takes the time that it takes.
database_limit=
database_at() { # mariadb|mysql SOCKET LOGIN-FILE
  database_of "$1"
  database_socket=$2 database_login=$3
  [ -e "$database_login" ] || database_login=/dev/null
}

# `database_through`, where it is set, is a command that runs the program.
database_run() { # PROGRAM ARGUMENT…
  database_program=$1
  shift
  ${database_through:-} ${database_limit:+timeout "$database_limit"} "$database_program" --defaults-extra-file="$database_login" \
    --socket="$database_socket" "$@"
}

database_ask() { # STATEMENT
  database_run "$database_client" --batch --skip-column-names --raw --connect-timeout=20 --execute "$1"
}

# What a server whose files were restored does not have in common with the one before: when its system tablespace and its log
# came to be, and where they lie. A restored server has a new log even where files were copied over the old ones.
database_birth() {
  database_files=$(database_ask "
    SELECT CONCAT(IF(f.name LIKE '/%', '', CONCAT(COALESCE(NULLIF(@@innodb_data_home_dir, ''), @@datadir), '/')), f.name)
    FROM (SELECT SUBSTRING_INDEX(@@innodb_data_file_path, ':', 1) AS name) f;
    SELECT CONCAT(IF(@@innodb_log_group_home_dir LIKE '/%', '', CONCAT(@@datadir, '/')), @@innodb_log_group_home_dir, '/ib_logfile0')") ||
    give_up 40 'the server does not say where its files are'
  { IFS= read -r database_data && IFS= read -r database_log; } <<END
$database_files
END
  database_born=$(stat -c '%i:%W' "$database_data" "$database_log") || give_up 40 'the files of the server are not on this host'
  printf '%s\n' "$database_born" | paste -s -d ' '
}
