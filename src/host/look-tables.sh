# Whether a database answers, and which of its tables can be read. Changes nothing.
# usage: look-tables mariadb|mysql SOCKET LOGIN-FILE|- SECONDS
#   SECONDS  for a row of each table, and again for checking them
# prints lines of cells between tabs: `gone PATH` of the server's files; `blind` where the login may not read all tables, and
#   nothing more; of people's own tables `table NAME` and, where a row of it
#   could be read, `reads NAME`; `fault WORDS` of the server; `checked NAME TYPE WORDS` as CHECK TABLE has them; `late reading|checking`
#   where SECONDS were too few
# exits 30 where a program is missing, 40 where the server does not answer
# uses: give-up database tables
set -eu
export LC_ALL=C
database_at "$1" "$2" "$3"
seconds=$4
database_needs "$database_client"
case $database_kind in
mariadb)
  files="SELECT filename FROM information_schema.innodb_sys_tablespaces WHERE filename LIKE '%.ibd'"
  limit="max_statement_time = $seconds"
  ;;
mysql)
  files="SELECT file_name FROM information_schema.files WHERE file_name LIKE '%.ibd'"
  limit="max_execution_time = $((seconds * 1000))"
  ;;
esac
work=$(mktemp -d /run/pawl-look.XXXXXX)
trap 'rm -rf "$work"' EXIT

database_limit=20
if ! said=$(database_ask 'SELECT 1' 2>&1); then
  folder=$(my_print_defaults mysqld server mariadb mariadbd 2>/dev/null | sed -n 's/^--datadir=//p' | tail -n 1)
  folder=${folder:-/var/lib/mysql}
  [ -d "$folder/mysql" ] || missing="; the tables of the server itself are not in $folder"
  give_up 40 "$(printf '%s\n' "${said:-no answer in $database_limit s}" | tail -n 1)${missing:-}"
fi

# A server that has a file open does not miss it.
folder=$(database_ask 'SELECT @@datadir')
[ -d "$folder/mysql" ] || printf 'gone\t%s\n' "${folder%/}/mysql"
{ database_ask "$files" 2>/dev/null || true; } |
  while IFS= read -r file; do
    case $file in /*) ;; *) file=${folder%/}/${file#./} ;; esac
    [ -e "$file" ] || printf 'gone\t%s\n' "$file"
  done

may=$(database_ask "SELECT COUNT(*) FROM information_schema.user_privileges
  WHERE privilege_type = 'SELECT' AND grantee = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')")
[ "$may" -gt 0 ] || {
  echo blind
  exit 0
}

own="FROM information_schema.tables t WHERE t.table_type = 'BASE TABLE'
  AND t.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
  ORDER BY t.table_schema, t.table_name"
name="QUOTE(CONCAT(t.table_schema, '.', t.table_name))"
database_ask "SELECT CONCAT('SELECT ''table'', ', $name, '; SELECT ''reads'', ', $name,
  ' FROM (SELECT COUNT(*) FROM (SELECT 1 FROM ', $tables_name, ' LIMIT 1) a) b;') $own" >"$work/rows"
database_ask "SELECT CONCAT('CHECK TABLE ', $tables_name, ' QUICK;') $own" >"$work/checks"

database_limit=$seconds
each() { # FILE WORD
  code=0
  # one that takes too long is ended by the server, too
  database_run "$database_client" --batch --skip-column-names --raw --unbuffered --force --skip-reconnect \
    --init-command="SET SESSION $limit" <"$1" >"$work/said" 2>&1 || code=$?
  [ "$code" -ne 124 ] || printf 'late\t%s\n' "$2"
}
each "$work/rows" reading
sed 's/^ERROR [0-9]* ([^)]*)[^:]*: /fault\t/' "$work/said"
each "$work/checks" checking
awk -F '\t' -v OFS='\t' 'NF == 4 { print "checked", $1, $3, $4 }' "$work/said"
