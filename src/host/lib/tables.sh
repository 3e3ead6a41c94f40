# What tables hold. A program asks for this text with `# uses: tables`.

tables_name="CONCAT('\`', REPLACE(t.table_schema, '\`', '\`\`'), '\`.\`', REPLACE(t.table_name, '\`', '\`\`'), '\`')"

# A statement or two for each table of people's own. They print `table YES|NO ENGINE ROWS NAME`, whether transactions cover it,
# and, where sums are wanted, what CHECKSUM TABLE says.
tables_statements() { # SUMS(yes|no)
  tables_sum=
  [ "$1" = no ] || tables_sum=", 'CHECKSUM TABLE ', $tables_name, ';'"
  echo "SELECT CONCAT('SELECT ''table'', ''', e.transactions, ''', ''', t.engine, ''', COUNT(*), ',
      QUOTE(CONCAT(t.table_schema, '.', t.table_name)), ' FROM ', $tables_name, ';'$tables_sum)
    FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
    WHERE t.table_type = 'BASE TABLE'
      AND t.table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema')
    ORDER BY t.table_schema, t.table_name"
}

# A statement for each table, the server's own among them.
tables_checks() {
  echo "SELECT CONCAT('CHECK TABLE ', $tables_name, ' EXTENDED;') FROM information_schema.tables t
    WHERE t.table_type = 'BASE TABLE' AND t.table_schema NOT IN ('information_schema', 'performance_schema')
    ORDER BY t.table_schema, t.table_name"
}
