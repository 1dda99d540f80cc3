#!/usr/bin/env bash
# A tour of the command line on the real data of this repository. Build first: cmake --preset release && cmake --build
# --preset release. Environment: RAMET (the command; default build/release/bin/ramet).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ramet=${RAMET:-build/release/bin/ramet}
[ -x "$ramet" ] || { echo "error: $ramet is not there; build it, or set RAMET" >&2; exit 1; }
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# show <command...>: prints the command line, then runs it. The temporary folder's name is left out.
show() {
  printf '\n$ %s\n' "$*" | short
  "$@" | short
}
short() { sed -e "s|$out/||g" -e "s|^\\$ $ramet|$ ramet|"; }
say() { printf '\n\n== %s\n' "$*"; }

say "Two classes: who earns more than 50,000 a year? The best round on held-out people is kept."
show "$ramet" train --data data/adult/train.csv.gz --valid data/adult/test.csv.gz --target income \
  --objective binary:logistic --metric error,logloss --eta 0.1 --num-round 300 --early-stopping-rounds 20 \
  --model "$out/adult.ramet" --report "$out/adult.json"

say "How good is it?"
show "$ramet" evaluate --model "$out/adult.ramet" --data data/adult/test.csv.gz --metric error,auc,logloss

say "Predictions: a probability each, or the class."
show "$ramet" predict --model "$out/adult.ramet" --data data/adult/test.csv.gz --output "$out/probability.csv"
show head -n 4 "$out/probability.csv"
show "$ramet" predict --model "$out/adult.ramet" --data data/adult/test.csv.gz --type class --output "$out/class.csv"
show head -n 4 "$out/class.csv"

say "What has it learned?"
show "$ramet" inspect "$out/adult.ramet"

say "The same training on three ranks, each with a third of the rows: not one byte of the model differs."
show "$ramet" train --data data/adult/train.csv.gz --valid data/adult/test.csv.gz --target income \
  --objective binary:logistic --metric error,logloss --eta 0.1 --num-round 300 --early-stopping-rounds 20 \
  --ranks 3 --quiet --model "$out/three-ranks.ramet"
show cmp "$out/adult.ramet" "$out/three-ranks.ramet"
echo "identical"

say "Many classes: 26 letters, settings from a file. The command line counts over the file."
cat > "$out/letter.toml" <<'TOML'
data = "data/letter/letter.csv.gz"
target = "target"
objective = "multi:softprob"
num_round = 200
grow_policy = "lossguide"
max_depth = 0
max_leaves = 63
TOML
show cat "$out/letter.toml"
show "$ramet" train --config "$out/letter.toml" --num-round 20 --model "$out/letter.ramet"
show "$ramet" predict --model "$out/letter.ramet" --data data/letter/letter.csv.gz --output "$out/letters.csv"
echo
echo "(on the rows it has learned from)"
show "$ramet" evaluate --model "$out/letter.ramet" --data data/letter/letter.csv.gz --metric merror,mlogloss

say "Numbers: house prices, by a robust loss; missing values and a text column as they are."
show "$ramet" train --data data/california_housing/housing.csv.gz --target median_house_value \
  --objective reg:absoluteerror --num-round 100 --model "$out/houses.ramet"
show "$ramet" evaluate --model "$out/houses.ramet" --data data/california_housing/housing.csv.gz --metric mae,rmse

say "A mistake is one line, with a way out."
"$ramet" train --data data/adult/train.csv.gz --target incom --model "$out/x.ramet" || true
"$ramet" train --data data/adult/train.csv.gz --target income --model "$out/x.ramet" || true
"$ramet" train --data data/adult/train.csv.gz --target income --max-dept 8 --model "$out/x.ramet" || true
