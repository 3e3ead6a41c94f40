# Prints checksums of what a unit runs, and the number of files of its release, as KEY=VALUE lines: two hosts with the same ones
# run the same. Changes nothing.
# usage: release-sums UNIT tarball RELEASES CURRENT | release-sums UNIT deb PACKAGE
set -u
export LC_ALL=C
unit=$1 kind=$2

# Names and contents of the files whose names come in, each ended by a zero byte.
sum_of_files() {
  sort -z | xargs -0r sha256sum | sha256sum | cut -d ' ' -f 1
}

# with its drop-ins, and where each of them lies
echo "unit=$(systemctl cat --no-pager -- "$unit" 2>/dev/null | sha256sum | cut -d ' ' -f 1)"
if [ "$kind" = tarball ]; then
  cd -P "$4" 2>/dev/null || exit 0
  # what the service writes for itself while it runs is none of the release
  own() { # ACTION
    find . -type f ! -path '*/__pycache__/*' "$@"
  }
  echo "release=$(own -print0 | sum_of_files)"
  echo "files=$(own -printf . | wc -c)"
else
  dpkg-query -L "$3" 2>/dev/null | while read -r file; do [ -f "$file" ] && printf '%s\0' "$file"; done |
    { echo "release=$(sum_of_files)"; }
fi
