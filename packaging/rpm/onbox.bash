# shellcheck shell=bash
# Completion of onbox in bash.
# It starts no program and reads no file.

# What can follow: words, FILE for names of files, or nothing that is known.
# It fails for what is neither a command nor an option that takes a value.
_onbox_words() {
    case $1 in
    # scripts/pages makes this part: commands.completion
    'onbox') echo 'resync check status audit --config --version --help' ;;
    'onbox --config') echo 'FILE' ;;
    'onbox resync') echo '--admin --reason --ticket --note --confirm --dry-run --json --help' ;;
    'onbox resync -o') echo '' ;;
    'onbox resync --admin') echo '' ;;
    'onbox resync --reason') echo 'account-changed identity-source-added users-found tokens-deleted other' ;;
    'onbox resync --ticket') echo '' ;;
    'onbox resync --note') echo '' ;;
    'onbox resync --confirm') echo '' ;;
    'onbox check') echo '--report --json --help' ;;
    'onbox check --report') echo 'FILE' ;;
    'onbox status') echo '--file --json --help' ;;
    'onbox status --file') echo 'FILE' ;;
    'onbox audit') echo 'list show export resolve verify --help' ;;
    'onbox audit list') echo '--last --outcome --file --json --help' ;;
    'onbox audit list --last') echo '' ;;
    'onbox audit list --outcome') echo 'success failure unknown refused' ;;
    'onbox audit list --file') echo 'FILE' ;;
    'onbox audit show') echo '--file --json --help' ;;
    'onbox audit show --file') echo 'FILE' ;;
    'onbox audit export') echo '--format --file --help' ;;
    'onbox audit export --format') echo 'jsonl csv' ;;
    'onbox audit export --file') echo 'FILE' ;;
    'onbox audit resolve') echo '--outcome --note --json --help' ;;
    'onbox audit resolve --outcome') echo 'success failure' ;;
    'onbox audit resolve --note') echo '' ;;
    'onbox audit verify') echo '--file --head --against --host --json --help' ;;
    'onbox audit verify --file') echo 'FILE' ;;
    'onbox audit verify --head') echo '' ;;
    'onbox audit verify --against') echo 'FILE' ;;
    'onbox audit verify --host') echo '' ;;
    # its end
    *) return 1 ;;
    esac
}

_onbox() {
    local command=onbox option='' word=${COMP_WORDS[COMP_CWORD]} words i
    for ((i = 1; i < COMP_CWORD; i++)); do
        words=${COMP_WORDS[i]}
        if [[ $words == '=' ]]; then # bash takes --option=value apart
            continue
        elif [[ -n $option ]]; then
            option=''
        elif _onbox_words "$command $words" >/dev/null; then
            if [[ $words == -* ]]; then option=$words; else command+=" $words"; fi
        fi
    done
    [[ $word != '=' ]] || word=''
    words=$(_onbox_words "$command${option:+ $option}")
    COMPREPLY=()
    if [[ $words == FILE ]]; then
        compopt -o default
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    fi
}

complete -F _onbox onbox
