// A small programme from which a coordinator begins: one reading round, two criteria. Everything in it can be changed until it is
// published. Written in the programme's own language, which is the same in every language of the interface.

export const STARTER = `name = "Our programme"
languages = ["en"]
time_zone = "UTC"

[scale]
min = 0
max = 5
step = 1
best = "high"

[[criterion]]
key = "merit"
weight = 2

[[criterion]]
key = "need"
weight = 1

[[field]]
key = "organisation"
kind = "text"
goes_to = "dossier"
card = true

[[field]]
key = "letter"
kind = "essay"
goes_to = "dossier"

[[round]]
key = "reading"
label = "Reading"
kind = "reading"
blind = true
reads = 3
conflict = "on-device"

[[decision]]
key = "deadline-day"
question = "Does the day of the deadline count, to its last minute?"

[[decision]]
key = "late"
question = "What happens to what arrives after the deadline?"

[[decision]]
key = "age-date"
question = "If there is a limit of age: on which day is it measured?"

[[decision]]
key = "letters-from"
question = "Who supplies recommendation letters: the applicant, or the referee?"

[[decision]]
key = "language-proof"
question = "What proves the language of the programme?"
`;
