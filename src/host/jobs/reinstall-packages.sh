# Installs packages anew, in the versions that this host has, whose files are damaged. Copies of damaged files that are there
# go to ASIDE first; configuration files stay as they are, and come back where they are missing. Safe to repeat.
# usage: reinstall-packages ASIDE FETCHED GLOBS PACKAGE…
#   FETCHED  where `fetch-packages` has put those that Pawl does not keep; it goes when all are well
#   GLOBS    of files that nobody misses, with blanks between
# exits 30 without dpkg, 33 where looking takes too long, 34 where dpkg fails, 51 one cannot be installed, 52 files are damaged still
# uses: going-down give-up packages
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
aside=$1 fetched=$2 globs=$3
shift 3
command -v dpkg >/dev/null || give_up 30 'has no dpkg'
work=$(mktemp -d /run/pawl-look.XXXXXX)
trap 'rm -rf "$work"' EXIT
damaged() { # PACKAGE…
  names=$*
  set -f
  # shellcheck disable=SC2086 # one word for each
  set -- $globs
  set +f
  packages_look "$work" 600 "$names" "$@"
}

keep_damaged() {
  sed -n 's/^changed //p' "$work/found" | while IFS= read -r path; do
    [ ! -e "$aside$path" ] || continue
    mkdir -p "$aside${path%/*}"
    cp -a -- "$path" "$aside$path"
  done
}

install() { # PACKAGE
  version=$(dpkg-query -W -f='${Version}' "$1") || give_up 51 "$1 is not installed"
  file=$(packages_file "$fetched" "$1" "$version") || give_up 51 "$1 $version was there, and is gone: try again"
  # another one may be at it, as updates are at night
  tries=60
  until dpkg --force-confold --force-confmiss --install "$file" >"$work/log" 2>&1; do
    tries=$((tries - 1))
    grep -q 'lock was locked' "$work/log" && [ "$tries" -gt 0 ] ||
      give_up 51 "$1 $version cannot be installed: $(grep -v '^$' "$work/log" | tail -n 3)"
    sleep 5
  done
}

are_installed() { # PACKAGE…
  for package; do [ "$(dpkg-query -W -f='${db:Status-Status}' "$package")" = installed ] || return 1; done
}

damaged "$@"
# an earlier run was cut at its end
if [ ! -s "$work/found" ] && are_installed "$@"; then
  rm -rf "$fetched"
  exit 0
fi
keep_damaged
for package; do
  echo "$package" >"$PAWL_PROGRESS"
  install "$package"
done
systemctl daemon-reload
damaged "$@"
[ ! -s "$work/found" ] || give_up 52 "damaged still: $(head -n 3 "$work/found" | tr '\n' ';')"
rm -rf "$fetched"
