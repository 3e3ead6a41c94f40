# Sees to it, while all goes on as it is, that damaged packages can be installed anew in the versions that this host has: from the
# package that Pawl keeps, or from where the host gets its packages. Safe to repeat.
# usage: fetch-packages FOLDER GLOBS PACKAGE…
#   FOLDER  what is fetched lies there
#   GLOBS   of files that nobody misses, with blanks between
# prints, of packages that are damaged, `there PACKAGE` or `missing PACKAGE VERSION WHY`
# exits 30 without dpkg, 33 where looking takes too long, 34 where dpkg fails
# uses: going-down give-up packages
set -eu
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
fetched=$1 globs=$2
shift 2
command -v dpkg >/dev/null || give_up 30 'has no dpkg'
work=$(mktemp -d /run/pawl-look.XXXXXX)
trap 'rm -rf "$work"' EXIT
# each wait has an end, and what is slow may still come
apt() { timeout 600 apt-get -q -o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 "$@" >"$work/log" 2>&1; }

is_whole() { # PACKAGE
  name=$1
  set -f
  # shellcheck disable=SC2086 # one word for each
  set -- $globs
  set +f
  packages_look "$work" 600 "$name" "$@"
  [ ! -s "$work/found" ]
}

download() { # PACKAGE VERSION
  rm -rf "$work/new"
  mkdir "$work/new"
  (cd "$work/new" && apt download "$1=$2") || return 1
  mkdir -p "$fetched"
  mv "$work/new/"*.deb "$fetched/${1%%:*}.deb"
}

updated=no
fetch() { # PACKAGE VERSION
  packages_file "$fetched" "$1" "$2" >/dev/null && return
  command -v apt-get >/dev/null || { echo 'this host has no apt-get' >"$work/log" && return 1; }
  download "$1" "$2" && return
  # its lists may be old, or gone
  [ "$updated" = no ] || return 1
  updated=yes
  apt update || true
  download "$1" "$2"
}

for package; do
  if version=$(dpkg-query -W -f='${Version}' "$package" 2>/dev/null) && [ "$version" != '' ]; then
    if is_whole "$package"; then continue; fi
    echo "fetching $package" >"$PAWL_PROGRESS"
    if fetch "$package" "$version"; then
      echo "there $package"
    else
      echo "missing $package $version $({ grep '^E: ' "$work/log" || cat "$work/log"; } | tail -n 1 | sed 's/^E: //')"
    fi
  else
    echo "missing $package - dpkg does not know it any more"
  fi
done
