# Asks a MariaDB on this host. A program asks for this text with `# uses: give-up mariadb`.

# Seconds after which a program that asks is ended; empty: it takes the time that it takes.
mariadb_limit=
mariadb_at() { # SOCKET LOGIN-FILE
  mariadb_socket=$1 mariadb_login=$2
  [ -e "$mariadb_login" ] || mariadb_login=/dev/null
}

# `mariadb_through`, where it is set, is a command that runs the program.
mariadb_client() { # PROGRAM ARGUMENT…
  mariadb_program=$1
  shift
  ${mariadb_through:-} ${mariadb_limit:+timeout "$mariadb_limit"} "$mariadb_program" --defaults-extra-file="$mariadb_login" \
    --socket="$mariadb_socket" "$@"
}

mariadb_ask() { # STATEMENT
  mariadb_client mariadb --batch --skip-column-names --raw --connect-timeout=20 --execute "$1"
}

# What a server whose files were restored does not have in common with the one before: when its system tablespace and its log
# came to be, and where they lie. A restored server has a new log even where files were copied over the old ones.
mariadb_birth() {
  mariadb_files=$(mariadb_ask "
    SELECT CONCAT(IF(f.name LIKE '/%', '', CONCAT(COALESCE(NULLIF(@@innodb_data_home_dir, ''), @@datadir), '/')), f.name)
    FROM (SELECT SUBSTRING_INDEX(@@innodb_data_file_path, ':', 1) AS name) f;
    SELECT CONCAT(IF(@@innodb_log_group_home_dir LIKE '/%', '', CONCAT(@@datadir, '/')), @@innodb_log_group_home_dir, '/ib_logfile0')") ||
    give_up 40 'the server does not say where its files are'
  { IFS= read -r mariadb_data && IFS= read -r mariadb_log; } <<END
$mariadb_files
END
  mariadb_born=$(stat -c '%i:%W' "$mariadb_data" "$mariadb_log") || give_up 40 'the files of the server are not on this host'
  printf '%s\n' "$mariadb_born" | paste -s -d ' '
}
