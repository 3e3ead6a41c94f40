# Installs packages anew, in the versions that this host has, whose files are damaged. Copies of damaged files that are there
# go to ASIDE first; configuration files stay as they are, and come back where they are missing. Safe to repeat.
# usage: reinstall-packages ASIDE GLOBS PACKAGE…
#   GLOBS   of files that nobody misses, with blanks between
# exits 30 without dpkg, 33 where looking takes too long, 34 where dpkg fails, 51 a package cannot be had, 52 files are damaged still
# uses: going-down give-up packages
set -eu
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
aside=$1 globs=$2
shift 2
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

# The package that Pawl keeps is the one that was installed; others come from where the host gets its packages.
install() { # PACKAGE
  version=$(dpkg-query -W -f='${Version}' "$1") || give_up 51 "$1 is not installed"
  kept=/var/lib/pawl/packages/$1/$version.deb
  if [ -f "$kept" ]; then
    dpkg --force-confold --force-confmiss --install "$kept" >"$work/log" 2>&1
  else
    apt-get -y --reinstall --allow-downgrades -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confmiss -o Acquire::Retries=2 \
      -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 install "$1=$version" >"$work/log" 2>&1
  fi || give_up 51 "$1 $version cannot be had: $(grep -v '^$' "$work/log" | tail -n 3)"
  # apt takes that for a success
  ! grep -q 'cannot be downloaded' "$work/log" || give_up 51 "$1 $version cannot be downloaded: this host has no list of packages that has it (apt-get update)"
}

damaged "$@"
keep_damaged
for package; do
  echo "$package" >"$PAWL_PROGRESS"
  install "$package"
done
damaged "$@"
[ ! -s "$work/found" ] || give_up 52 "damaged still: $(head -n 3 "$work/found" | tr '\n' ';')"
