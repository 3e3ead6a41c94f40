# Files of packages that are not as their packages brought them, conffiles aside. A program asks for this text with
# `# uses: give-up packages`.

# Leaves `missing PATH` and `changed PATH` in FOLDER/found, without files that nobody misses: as the globs say, which are
# written as dpkg's own path-exclude has them, and as the host's own rules say.
packages_look() { # FOLDER SECONDS PACKAGES GLOB…   PACKAGES: names with blanks between; empty: all
  packages_folder=$1 packages_seconds=$2 packages_names=$3
  shift 3
  code=0
  # shellcheck disable=SC2086 # names
  nice -n 19 timeout "$packages_seconds" dpkg --verify $packages_names >"$packages_folder/said" 2>"$packages_folder/words" || code=$?
  case $code in
  0 | 1) ;;
  124) give_up 33 "dpkg has not come through in $packages_seconds s" ;;
  *) give_up 34 "dpkg cannot look: $(tail -n 1 "$packages_folder/words")" ;;
  esac
  # The last rule that fits counts.
  for glob in "$@"; do
    shift
    set -- "$@" "exclude:$glob"
  done
  for file in /etc/dpkg/dpkg.cfg /etc/dpkg/dpkg.cfg.d/*; do
    [ ! -f "$file" ] || sed -n 's/^[[:space:]]*path-\(exclude\|include\)[[:space:]=]\{1,\}"\{0,1\}\([^"]*\)"\{0,1\}$/\1:\2/p' "$file"
  done >"$packages_folder/rules"
  while IFS= read -r rule; do set -- "$@" "$rule"; done <"$packages_folder/rules"
  # what stands behind nine marks and a blank is `c` for a conffile
  sed -n 's/^missing   [^c] //; t is; s/^[^ ]\{9\} [^c] /changed /p; d; :is; s/^/missing /p' "$packages_folder/said" |
    while read -r how path; do packages_excluded "$path" "$@" || echo "$how $path"; done >"$packages_folder/found"
}

# Prints the file from which a package can be installed anew: that which Pawl keeps, or which was fetched; fails where none is whole.
packages_file() { # FETCHED-FOLDER PACKAGE VERSION
  for packages_deb in "/var/lib/pawl/packages/${2%%:*}/$3.deb" "$1/${2%%:*}.deb"; do
    [ "$(dpkg-deb -f "$packages_deb" Version 2>/dev/null)" = "$3" ] || continue
    if dpkg-deb --fsys-tarfile "$packages_deb" 2>/dev/null >/dev/null; then
      echo "$packages_deb"
      return
    fi
  done
  return 1
}

packages_excluded() { # PATH RULE…
  path=$1 counts=include
  shift
  for rule in "$@"; do
    # shellcheck disable=SC2254 # a pattern
    case $path in ${rule#*:}) counts=${rule%%:*} ;; esac
  done
  [ "$counts" = exclude ]
}
