# bash completion for garboard-witness. Options come from the program's own --help.

_garboard_witness() {
    local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} words
    COMPREPLY=()
    case $prev in
    --config | -c | --proof) mapfile -t COMPREPLY < <(compgen -f -- "$cur"); return ;;
    --dir | --state) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
    --name | --dns | --listen | --port | --log) return ;;
    esac
    words=$("${COMP_WORDS[0]}" --help 2>/dev/null | awk -v command="${COMP_WORDS[1]:-}" '
        !NF { exit }
        { sub(/^usage:/, ""); first = $2 }
        $1 == "garboard-witness" { here = (first == command) || (command ~ /^-/ && first ~ /^[\[-]/)
                                   if (first ~ /^[a-z]/) print first }
        here { n = split($0, w, /[][ |]+/); for (i = 1; i <= n; i++) if (w[i] ~ /^--/) { sub(/[^a-z-].*/, "", w[i]); print w[i] } }
    ')
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(printf '%s\n' "$words" --config --check-config --print-config --help --version)" -- "$cur")
    elif [[ $cur == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(grep -- '^--' <<<"$words")" -- "$cur")
    elif [[ ${COMP_WORDS[1]} == compare ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "$cur")
    fi
}
complete -F _garboard_witness garboard-witness
