#!/bin/sh
# Makes a Mac, or a virtual one, a guest for testing kernel extensions: 10.9 to 11. See steps.sh; --help tells the options.
# What System Integrity Protection forbids is not touched here: that takes the Recovery system.
# shellcheck source-path=SCRIPTDIR source=steps.sh
[ -n "$kextdev_steps" ] || . "${0%/*}/steps.sh"

etc=/private/etc
sudo_commands='/sbin/kextload /sbin/kextunload /usr/bin/kextutil /usr/sbin/kextstat /usr/bin/kmutil /usr/sbin/nvram /sbin/dmesg /sbin/reboot /sbin/shutdown'
settings=/Library/Preferences

# "NFSHomeDirectory: /Users/me"; a long value stands on the next line.
home_of() {
  answer=$(dscl . -read "/Users/$1" NFSHomeDirectory) || fail "there is no user $1" || return
  printf '%s\n' "$answer" | sed -n 's/^NFSHomeDirectory: *//; s/^ *//; /./p' | head -n 1
}

# launchd starts an sshd for each connection: what it reads is never old.
set_sshd_and_login() {
  set_sshd || return
  case $(systemsetup -getremotelogin) in
  *': On') ;;
  *) systemsetup -f -setremotelogin on >/dev/null && changed 'Remote Login is on' ;;
  esac
}

set_hostname() {
  [ -n "$hostname" ] || { note 'no name was given' && return; }
  set_name ComputerName "$hostname" && set_name HostName "$hostname" && set_name LocalHostName "$(printf '%s\n' "$hostname" | tr . -)"
}

set_name() { # KIND NAME
  [ "$(scutil --get "$1" 2>/dev/null)" = "$2" ] || { scutil --set "$1" "$2" && changed "$1 is $2"; }
}

set_sleep() {
  for what in sleep displaysleep disksleep; do
    now=$(pmset -g | awk -v what=$what '$1 == what { print $2 }')
    [ "$now" = 0 ] || { pmset -a $what 0 && changed "$what is off"; } || return
  done
  # A machine that panicked under a debugger, or shows its report, must not restart by itself.
  case $(systemsetup -getrestartfreeze) in
  *': On') systemsetup -setrestartfreeze off >/dev/null && changed 'no restart after a freeze' ;;
  esac
}

set_updates() {
  case $(softwareupdate --schedule) in
  *' off'*) ;;
  *) softwareupdate --schedule off >/dev/null && changed 'no look for updates' || return ;;
  esac
  for name in AutomaticCheckEnabled AutomaticDownload AutomaticallyInstallMacOSUpdates ConfigDataInstall CriticalUpdateInstall; do
    set_default com.apple.SoftwareUpdate "$name" -bool false 0 || return
  done
  set_default com.apple.commerce AutoUpdate -bool false 0
}

set_default() { # DOMAIN NAME TYPE VALUE READ-AS
  [ "$(defaults read "$settings/$1" "$2" 2>/dev/null)" = "$5" ] || { defaults write "$settings/$1" "$2" "$3" "$4" && changed "$1 $2 is $4"; }
}

# As on a server: reports are written, and no window opens. It is each user's own setting.
set_crashes() {
  [ "$(as_user defaults read com.apple.CrashReporter DialogType 2>/dev/null)" = server ] ||
    { as_user defaults write com.apple.CrashReporter DialogType -string server && changed 'crashes are reported without a window'; }
}

as_user() {
  if [ "$user" = root ]; then "$@"; else sudo -u "$user" -H "$@"; fi
}

set_folders() {
  make_folder /cores 1777 && make_folder /Library/Logs/DiagnosticReports 775
}

# A mark tells that this very file was installed: kits of one release have many builds.
set_kdk() {
  [ -n "$kdk" ] || { note 'none was given' && return; }
  [ -f "$kdk" ] || fail "$kdk does not exist" || return
  mark=/private/var/db/kextdev/kdk.$(cksum <"$kdk" | tr ' ' .)
  if [ -f "$root$mark" ] && ls -d "$root"/Library/Developer/KDKs/*.kdk >/dev/null 2>&1; then
    return 0
  fi
  case $kdk in
  *.pkg) installer -pkg "$kdk" -target / >/dev/null || return ;;
  *.dmg) install_image || return ;;
  *) fail "$kdk is neither a .pkg nor a .dmg" || return ;;
  esac
  mkdir -p "$root${mark%/*}" && : >"$root$mark" && changed "$(cd "$root/Library/Developer/KDKs" && echo ./*.kdk)"
}

install_image() {
  volume=$(mktemp -d /tmp/kextdev-kdk.XXXXXX) || return
  hdiutil attach -nobrowse -readonly -quiet -mountpoint "$volume" "$kdk" || return
  package=$(find "$volume" -maxdepth 1 -name '*.pkg' | head -n 1)
  if [ -n "$package" ]; then
    installer -pkg "$package" -target / >/dev/null
  else
    fail "$kdk has no package in it"
  fi
  status=$?
  hdiutil detach -quiet "$volume"
  rmdir "$volume"
  return $status
}

tell_tools() {
  [ -n "$vmware" ] || { note 'it does not run in VMware' && return; }
  if pgrep -x vmware-tools-daemon >/dev/null; then
    note 'they run'
  else
    note 'they do not run: without VMware Tools the address comes from leases, and a shutdown is a power cut'
  fi
}

# VMware Tools show them by themselves.
set_share() {
  [ -n "$vmware" ] || { note 'it does not run in VMware' && return; }
  if [ -d "$root/Volumes/VMware Shared Folders" ]; then
    note '/Volumes/VMware Shared Folders'
  else
    note 'none is to be seen: VmConfigure --share-folder gives one, VMware Tools show it'
  fi
}

read_options "$@"
step key set_key
step sudo set_sudo
step sshd set_sshd_and_login
step hostname set_hostname
step sleep set_sleep
step updates set_updates
step crashes set_crashes
step folders set_folders
step kdk set_kdk
step tools tell_tools
step share set_share
conclude
