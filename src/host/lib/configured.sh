# The database server of this host as its own configuration has it, whether it runs or not. A program asks for this text with
# `# uses: give-up database configured`.

# Sets `configured_data`, its folder; `database_of` was called before.
configured_at() {
  database_needs "$database_server"
  configured=$("$database_server" --help --verbose 2>/dev/null) ||
    give_up 55 "the server does not take its own configuration: $("$database_server" --help --verbose 2>&1 >/dev/null | tail -n 1)"
  configured_data=$(configured_value datadir)
  configured_data=${configured_data%/}
}

configured_value() { # NAME
  printf '%s\n' "$configured" | awk -v name="$1" '$1 == name { if ($2 != "(No") print $2; exit }'
}

# What files must have been made with, for this server to start on them: an option each.
configured_shape() {
  for name in innodb-page-size innodb-data-file-path innodb-undo-tablespaces lower-case-table-names; do
    value=$(configured_value "$name")
    [ "$value" = '' ] || printf -- '--%s=%s ' "$name" "$value"
  done
}

# Prints in words why its folder does not hold all that belongs together, and nothing where it does.
configured_outside() {
  for name in innodb-data-home-dir innodb-log-group-home-dir innodb-undo-directory aria-log-dir-path; do
    value=$(configured_value "$name")
    case ${value%/} in
    '' | . | ./* | "$configured_data") ;;
    *)
      echo "has its $name at $value: only a server that keeps all its files in one folder can be restored in its place"
      return
      ;;
    esac
  done
}
