# A repository on the store's own host. A program asks for this text with `# uses: give-up repository`.
#
# FOLDER/SOURCE has
#   repository    restic's, of the account that hosts log in as, through a program that only adds to it
#   catalogue     root's: a file for each backup that was read back; hosts cannot write here
#   proofs        root's: a file for each backup that was restored as a drill

repository_at() { # FOLDER ACCOUNT SOURCE ID
  repository_folder=$1/$3 repository_account=$2 repository_home=$1
  repository_password=/run/pawl/backups/$4/store
  [ -s "$repository_password" ] || give_up 31 "$repository_password is gone"
}

# As the account: what root writes there, it could not read.
repository_restic() { # ARGUMENT…
  (
    cd /
    exec setpriv --reuid "$repository_account" --regid "$repository_account" --clear-groups \
      env HOME="$repository_home" RESTIC_REPOSITORY="$repository_folder/repository" \
      RESTIC_PASSWORD_FILE="$repository_password" RESTIC_CACHE_DIR=/var/cache/pawl/store/"$repository_account" \
      restic "$@"
  )
}

# Where something comes back below a place of `place.sh`: it belongs to an account that may nothing, so what it holds of rights and
# devices harms nobody.
repository_files() {
  install -d -m 700 -o "$repository_account" "$place/files"
}
