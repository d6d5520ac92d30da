#!/bin/bash
# Plays rsautil as Rsautil.java does, with the read of bash; READER is not looked at.
mask=$2 tries=$3 state=$4
shift 4

ask_password() {
    password=
    if [[ $mask == none ]]; then
        IFS= read -rsp "Please enter OC Administrator password:" password
    else
        printf 'Please enter OC Administrator password:'
        while IFS= read -rsn1 character && [[ $character ]]; do
            password+=$character
            printf %s "$mask"
        done
    fi
    echo
    echo asked >>"$state/passwords"
}

[[ $1 == store ]] || IFS= read -rp "Please enter OC Administrator username:"
while ask_password && [[ $password != "$(<"$state/password")" ]]; do
    echo "Invalid OC Administrator username or password."
    ((--tries)) || exit 1
done
[[ $1 != store ]] || printf %s "$7" >"$state/marker"
cat "$state/$1.err" >&2
cat "$state/$1.out"
