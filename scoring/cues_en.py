"""English cues: what customers write when they wait, repeat themselves, threaten or are relieved.

Points are hundredths of distress. Which kinds of cue matter, and in which order, was measured
(docs/detection sections 3 and 4); the wording and the points are ours, rounded by hand.

Next step: `scoring.cues.Table` finds these rows.
"""

from __future__ import annotations

from typing import Final

from scoring.cues import MUTE, Row

_NUMBER: Final = (
    r"(?:\d+(?:\.\d+)?|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half an|several"
    r"|many|(?:a )?few|(?:a )?couple(?: of)?)"
)
_UNIT: Final = r"(?:hours?|hrs?|hr|minutes?|mins?|days?|weeks?|wks?|months?|years?)"
_TIME: Final = rf"(?:over |almost |nearly |about |another )?{_NUMBER}\+? ?(?:\w+ )?{_UNIT}"
_TIMES: Final = (
    "hour* hr hrs minute* min mins day days week* month* wks year years"
    " 1hr 2hr 3hr 4hr 2hrs 3hrs 4hrs 5hrs 6hrs"
)
_NOT: Final = (
    r"(?:not|dont|doesnt|didnt|havent|hasnt|hadnt|isnt|arent|wasnt|wont|never|cant|cannot)"
)
_FAULT: Final = (
    r"(?:delay\w*|cancel\w*|late|broken|wrong|down|fail\w*|lost|error|problems?|issues?|crash\w*"
    r"|missing|damaged|overcharged|charged|working|happen\w*)"
)
_BLAME: Final = (
    r"(?:nothing|(?:the |another |an? |your |all |my )*(?:\w+ )?(?:delay\w*|cancel\w*|wait\w*"
    r"|lost|terrible"
    r"|horrible|awful|worst|poor|bad|lack|no|zero|mess|runaround)|ruin\w*|wasting|losing|cancel\w*"
    r"|delay\w*|not |never |(?:sending|giving|selling|shipping|charging) (?:me |us )?(?:the |an?"
    r" )?(?:wrong|broken|old|damaged)|hanging up|ignor\w*|leaving (?:me|us)|screwing|making (?:me"
    r"|us)"
    r" (?:miss|wait)"
    r"|breaking|letting (?:me|us) down|stranding|overcharg\w*|charging)"
)

_QUIT: Final = (
    r"(?:cancel|cancelling|canceling|close|closing|end|ending|terminate|terminating|delete"
    r"|deleting)"
    r" (?:my|our|this|the) (?:\w+ )?(?:account|subscription|membership|contract|plan|policy"
    r"|service)"
)

_WAITING: Final = (
    Row(
        "waiting",
        1_900,
        "wait* hold queue sitting sat stuck",
        rf"\b(?:waited|waiting|(?:to|a|the|long|had|have|and) waits?|on hold|in (?:the|a) queue"
        rf"|sitting|sat|stuck)\b(?! (?:times?|periods?|lists?|rooms?)\b)(?: [^ .?]+){{0,5}}"
        rf" {_TIME}\b"
        rf"|\b{_TIME} (?:[^ .?]+ ){{0,3}}(?:wait(?:ing)?|on hold|hold(?: time)?|in the queue)\b"
        r"(?! (?:times?\?|periods?|lists?))",
        "I have been on hold for two hours.",
        "Wait a minute, please.",
    ),
    Row(
        "waiting",
        1_500,
        "wait* await*",
        r"\b(?:still|been|keep|kept|left|tired of|sick of)(?: [^ .?]+){0,2} (?:wait|await)\w*\b",
        "I am still waiting for my parcel.",
        "Wait, let me look it up.",
    ),
    Row(
        "waiting",
        1_300,
        "reply response answer refund callback",
        rf"\b{_TIME} (?:for|to get|before) (?:(?:a|an|any|your|my|the|one) )?"
        r"(?:(?:proper|single|real) )?(?:reply|response|answer|refund|callback)\b",
        "Three weeks for an answer, and a useless one.",
        "Your answer came within three minutes.",
    ),
    Row(
        "waiting",
        1_200,
        "hold queue delay* wait*",
        r"\bon hold\b|\b(?:another|more|further|constant|endless|long|major|massive) (?:delay"
        r"|wait|queue)\w*\b",
        "You put me on hold and I was cut off.",
        "Please hold the line.",
    ),
    Row(
        "waiting",
        1_000,
        "delay* late overdue behind",
        rf"\b(?:delay(?:ed|s|ing)?|late|overdue|behind)\b(?: [^ .?]+){{0,3}} {_TIME}\b"
        rf"|\b{_TIME} (?:[^ .?]+ )?(?:delay\w*|late\w*|overdue|behind)\b|\b(?:is|was|been|are"
        rf"|were|got) delayed\b",
        "The courier is late by three hours.",
        "It is never too late to learn.",
    ),
    Row(
        "waiting",
        1_200,
        "still yet",
        r"\bstill (?:no|not|nothing|nowhere|missing|havent|hasnt|dont|doesnt|didnt|isnt|arent"
        r"|cant|wont"
        r"|without|on hold|sitting|stuck|in the same)\b|\b(?:nothing|not)(?: [^ .?]+){0,3} yet\b",
        "Still no sign of the refund.",
        "I still have the old model.",
        "none",
    ),
    Row(
        "waiting",
        1_000,
        "arrived arrive received receive delivered shown show* came come gotten got shipped",
        rf"\b{_NOT}(?: ever| even| yet| been| to| actually| still)*"
        r" (?:arriv\w+|receiv\w+|delivered|shown up|showed up|came|come (?:yet|in)|gotten (?:my|a"
        r"|any|the|it)"
        r"|got (?:my|any|the|it)|shipped)\b",
        "My order never arrived.",
        "I never come here on Mondays.",
        "none",
    ),
    Row(
        "waiting",
        900,
        "long longer taking takes took forever ages waited",
        r"\bhow (?:much longer|long(?:er)? (?:do|must|should|am|will) (?:i|we) (?:have to |need to "
        r"|supposed to |expected to )?(?:wait|hold|sit|stay|be)\w*)\b"
        r"|\b(?:tak(?:es?|ing)|took|waited) (?:\w+ )?(?:so|too|very|this|that|forever|ages)"
        r"(?: (?:long|much))?\b",
        "How much longer must I wait?",
        "How long does it take?",
        "none",
    ),
    Row(
        "waiting",
        500,
        "where wheres",
        r"\bwhere(?: is|s| are|s| the hell is) (?:my|our|the) (?:\w+ )?(?:order|refund|package"
        r"|parcel|money|bags?|luggage|delivery|driver|reply|response|stuff)\b",
        "Where is my refund?",
        "Where is your shop?",
        "none",
    ),
    Row(
        "waiting",
        900,
        _TIMES,
        rf"\b(?:its been|it has been|been|taken|taking|takes|took)(?: (?:you|them|me|us|like this"
        rf"|down"
        rf"|out|over|more than|almost|nearly|about|already|at least|well)){{0,3}} {_TIME}\b"
        rf"|\b{_TIME} (?:now|already|late|later|and (?:counting|still|no|nothing|yet))\b"
        rf"|\b(?:over|almost|nearly|more than|past|last) {_TIME} (?:with(?:out)?|still|no)\b",
        "It has been three days now.",
        "Check-in is from three days before departure.",
    ),
    Row(
        "waiting",
        900,
        _TIMES,
        r"\b(?:still|no (?:reply|answer|response|updates?|word|news|refund|service|internet|power)"
        r"|nothing|without|not|never|havent|hasnt|hadnt|didnt|isnt|already|down|broken|missing"
        r"|offline|supposed to|promised)\b(?: [^ .?]+){0,5}?"
        rf" (?:for|in|over|after|since|about|almost|nearly|(?:the )?(?:last|past)) (?:{_TIME}"
        rf"|hours|days"
        rf"|weeks|months)\b(?!\?)"
        r"|\b(?:ordered|sent|emailed|e-mailed|called|paid|requested|submitted|opened|filed"
        r"|reported|returned"
        rf"|contacted|asked|wrote|messaged|dmed|complained|bought|applied)\b(?: [^ .?]+){{0,6}}?"
        rf" (?:{_TIME}|hours|days|weeks|months) ago\b",
        "I ordered it two weeks ago.",
        "I have had the latest version for about two months.",
        "none",
    ),
    Row(
        "no_answer",
        1_300,
        "one nobody noone none anyone",
        r"\b(?:no ?one|nobody|none of (?:you|them))(?! else)(?: (?:at|from|in|on|over|your|the|is"
        r"|was"
        r"|are|were|has|have|had|even|ever|seems?|to|can|could|will|would|wants?|bother\w*|actually"
        r"|who|you|customer|support|service|team|@|able|me|us|just|really|here|there|office|phone"
        r"|airport|store|bank|desk|there|yet|knows how)){0,5} (?:answer\w*|respon\w+|repl\w+"
        r"|pick\w*"
        r"|help\w*|call\w*|cares?|cared|knows?|available|contact\w*|listen\w*|tell\w*|told|came"
        r"|comes|show\w* up|there|working (?:there|here|today))\b"
        r"|\b(?:cant|cannot|couldnt|unable to)(?: [^ .?]+){0,3} (?:anyone|a (?:person|human)"
        r"|anybody)\b",
        "Nobody picks up the phone.",
        "No one else was on the bus.",
        "none",
    ),
    Row(
        "no_answer",
        1_200,
        "no any without zero",
        r"\b(?:no|without(?: any)?|zero|never (?:got|received|get|had) (?:an?|any)|not (?:an?|any"
        r"|one))"
        r" (?:answer|response|reply|replies|call ?back|callback|updates?|communication|contact"
        r"|explanation"
        r"|info|information|word|help|resolution|notification|notice|apology|assistance|support"
        r"|acknowledge?ment|agents?|staff)\b",
        "Two mails and no reply.",
        "There is no need for an answer.",
        "none",
    ),
    Row(
        "no_answer",
        1_200,
        "answer* respond* repl* call* return* pick* get getting heard hear contacted email*"
        " follow*",
        rf"\b{_NOT}(?: even| ever| be| been| to| bother\w*)*"
        r" (?:answer\w*|respond\w*|repl(?:y|ied|ying)|call(?:ed|ing)? (?:me |us )?back"
        r"|return(?:ed|ing)? (?:my|our|a)"
        r"|pick(?:ed|ing)? up|(?:get|got|gotten|getting) (?:back|an? (?:answer|response|reply))"
        r"|hear[d]? (?:back|from|anything)"
        r"|contacted|email\w* (?:me )?back|follow(?:ed)? up)\b",
        "Your team does not answer my mails.",
        "I could answer that.",
        "none",
    ),
    Row(
        "no_answer",
        1_200,
        "ignor* hung hang* disconnect* voicemail busy dropped volume",
        r"\b(?:keeps?|being|been|am|are|you|just|was|were|completely|totally|gets?|getting)"
        r" (?:\w+ )?ignor(?:ed|ing)\b"
        r"|\bignor(?:e|es|ed|ing) (?:me|us|my|our|your|customers?|emails?|messages?|calls?)\b"
        r"|\b(?:hung|hang(?:ing|s)?) up\b|\b(?:calls?|phone|line|agents?|reps?|you|they)"
        r"(?: (?:was|were|got|gets|keeps?|just|then|has|have|been)){0,3} disconnect\w*"
        r"|\bdisconnect(?:s|ed|ing)? (?:me|us|my call|the call)\b"
        r"|\b(?:straight|goes|went) to voicemail\b|\b(?:busy signal|line is busy|call volume"
        r"|dropped (?:my|the) call)\b",
        "Your agent hung up on me.",
        "We hung pictures on the wall.",
    ),
    Row(
        "no_answer",
        700,
        "anyone anybody someone somebody hello",
        r"\b(?:is )?(?:anyone|anybody|somebody|someone) (?:there|home|alive|reading|out there)\b"
        r"|\b(?:can|will|could|would|is) (?:anyone|anybody|someone|somebody)(?: [^ .?]+){0,2}"
        r" (?:help|answer|tell|explain|respond|reply|call|going)\b",
        "Is anybody there?",
        "Someone told me about you.",
    ),
    Row(
        "no_answer",
        500,
        "update updates news word dm check any",
        r"\bany (?:updates?|news|word|response|answer|reply)\b|\b(?:check|read|answer|respond to"
        r"|reply to) (?:my|the|your) (?:dms?|messages?|emails?|tickets?)\b",
        "Any update on my ticket?",
        "Read the news.",
        "none",
    ),
)

_REPETITION: Final = (
    Row(
        "repetition",
        1_500,
        "time",
        r"\b(?:second|third|fourth|fifth|sixth|seventh|2nd|3rd|\d+th|umpteenth|hundredth|nth"
        r"|millionth) time\b",
        "This is the third time I ask.",
        "This is my first time here.",
        "none",
    ),
    Row(
        "repetition",
        900,
        "time times",
        r"\bhow many times\b|\b(?:time (?:and|after) (?:time|again)|every (?:single |damn"
        r" )?time)\b",
        "The same mistake every single time.",
        "A very good time.",
        "none",
    ),
    Row(
        "repetition",
        1_200,
        "times calls emails messages tickets requests attempts chats agents reps departments"
        " people e-mails",
        r"\b(?:twice|two|three|four|five|six|seven|eight|nine|ten|\d{1,2}|several|multiple|many"
        r"|countless|numerous"
        r"|dozens of|(?:a )?couple(?: of)?|so many) (?:different |phone |more )?(?:times|calls"
        r"|emails|e-mails"
        r"|messages|tickets|requests|attempts|chats|agents|reps|departments)\b"
        r"|\b(?:spoken|talked|spoke|transferred|passed) (?:to|with|between|by) (?:\w+ )?(?:two"
        r"|three|four|five|six"
        r"|\d|several|multiple|many)(?: different)? people\b",
        "I called four times today.",
        "We are four people.",
        "none",
    ),
    Row(
        "repetition",
        1_100,
        "again over yet keep keeps kept constantly always continually once",
        r"\b(?:again and again|over and over|once again|yet again|not again|and again|here we go"
        r" again)\b"
        r"|\b(?:keeps?|kept|constantly|always|continually) (?:on )?(?:having|getting|asking"
        r"|calling|telling|saying"
        r"|sending|happening|coming|being|doing|making|changing|pushing|delay\w*|cancel\w*"
        r"|fail\w*|late|wrong|breaking)\b",
        "You keep asking for the same form.",
        "I keep my receipts.",
        "none",
    ),
    Row(
        "repetition",
        900,
        "already told said explained",
        r"\balready(?: [^ .?]+){0,2} (?:told|said|explain\w*|ask\w*|sent|call\w*|email\w*"
        r"|contact\w*|tried|provid\w*|gave"
        r"|given|mention\w*|wr[io]t\w*|submitt\w*|report\w*|dm\w*|paid|did|done)\b"
        r"|\b(?:as|like) i(?:ve)? (?:\w+ )?(?:said|told|explained|mentioned)\b|\bi (?:just )?told"
        r" you\b",
        "I already explained this to your colleague.",
        "I already like it.",
        "none",
    ),
    Row(
        "repetition",
        800,
        "again another",
        rf"\b{_FAULT}(?: [^ .?]+){{0,3}} again\b|\banother {_FAULT}\b|\bagain\?",
        "The app is broken again.",
        "See you again soon.",
        "none",
    ),
)

_EFFORT: Final = (
    Row(
        "cannot",
        800,
        "cant cannot couldnt unable able impossible wont doesnt let letting way can could",
        r"\b(?:cant|cannot|can not|couldnt|could not|unable to|not able to|wasnt able to|wont let"
        r" (?:me|us)|doesnt let"
        r"|wont allow|not letting (?:me|us)|impossible to|no way to|never able to)\b(?! (?:wait"
        r"|thank|remember|recommend"
        r"|say enough|complain|go wrong|help but|believe how|be happier|imagine|think of|find a"
        r" (?:better|bad)|help (?:it|myself)))",
        "I cannot log in.",
        "I can't wait to see it.",
        "none",
    ),
    Row(
        "cannot",
        1_000,
        "work* load* open* charg* start* turn* connect* function* sync* updat* broken down",
        r"\b(?:doesnt|does not|dont|do not|didnt|did not|isnt|is not|arent|wont|not|never|stopped"
        r"|stops|hasnt|havent|quit)"
        r"(?: even| ever| been| really)* (?:work(?:ing|s|ed)?|load\w*|open(?:ing|s)?|charg(?:e|es"
        r"|ing)|start(?:ing|s)?|turn(?:ing)? on"
        r"|connect\w*|function\w*|sync\w*|updat\w*)\b|\b(?:is|are|was|still|site|app|website"
        r"|system|service) (?:down|broken)\b",
        "The card reader does not work.",
        "It works as described.",
        "none",
    ),
    Row(
        # Stronger than the silence of a person, which would claim the same words.
        "cannot",
        1_250,
        "respond* unresponsive",
        rf"\b(?:windows?|app|apps|page|screen|touchscreen|website|site|portal|device|printer"
        rf"|program"
        rf"|server|button|system|laptop|computer|keyboard|mouse|browser|form|software|tablet|router"
        rf"|remote|machine|game)(?: [^ .?]+){{0,2}}? (?:{_NOT}(?: even| ever| be| been)* respond\w*"
        rf"|unresponsive)\b",
        "The window is not responding.",
        "The agent is not responding.",
        "none",
    ),
    Row(
        "cannot",
        700,
        "disconnect*",
        r"\b(?:got|gets?|getting|keeps?|kept|been|was|am|is|constantly|randomly) disconnect(?:ed"
        r"|ing|s)?\b",
        "I have been disconnected since noon.",
        "How do I disconnect a speaker?",
    ),
    Row(
        "cannot",
        900,
        "keeps keep error crash* freez* fail* stuck glitch*",
        r"\b(?:keeps?|kept) (?:\w+ )?(?:crash\w*|freez\w*|fail\w*|logging|kicking|giving|showing"
        r"|restarting|dropping|shutting)\b"
        r"|\b(?:get|gets|getting|got|an|with|shows?|same|of) (?:an? )?(?:error|errors)(?:"
        r" (?:message|code)s?)?\b"
        r"|\bstuck (?:on|at|in|here|with)\b",
        "It keeps crashing.",
        "We keep it simple.",
    ),
    Row(
        "cannot",
        700,
        "invalid expired declined rejected denied refused not isnt arent wasnt hasnt havent wont",
        r"\b(?:was|is|are|got|been|says?|were|being|keeps?) (?:\w+ )?(?:invalid|expired|declined"
        r"|rejected"
        r"|denied|refused)\b|\b(?:not|isnt|arent|wasnt|hasnt|havent|wont)(?: been| being)?"
        r" (?:accept\w*"
        r"|recogni[sz]\w*|show(?:n|ing)?(?: up)?|powering|turning|register\w*|valid|credited"
        r"|processed"
        r"|honou?r\w*|refund\w*|deliver\w*|compatible|clear|consistent)\b",
        "It says my voucher is invalid.",
        "It is not far.",
        "none",
    ),
    Row(
        "effort",
        1_200,
        "transferred passed forth runaround around hoops bounced circles sent",
        r"\b(?:transferred|passed|bounced|sent) (?:me |us )?(?:around|again|back and forth|from"
        r" (?:one|person|department|agent)"
        r"|between|to (?:\w+ )?(?:another|different|\d|three|four|five|wrong))\b|\bback and"
        r" forth\b|\brun ?around\b"
        r"|\bthrough (?:\w+ )?hoops\b|\bin circles\b",
        "I was passed around for a whole morning.",
        "I passed the exam.",
        "none",
    ),
    Row(
        "effort",
        1_100,
        "wast* spent spend spending ruin* stranded missed miss",
        r"\b(?:wast(?:e|ed|ing)|ruin(?:ed|ing|s)) (?:of )?(?:my|our|so much|hours|\d+|an?|the"
        r"|everyones|all my|time|money)\b"
        rf"|\b(?:spent|spend|spending|lost) (?:{_TIME}|hours|days|all (?:day|morning|night)|so"
        rf" much time)\b"
        r"|\b(?:stranded|missed (?:my|our|the|a|his|her)|(?:make|made|making|makes|cause\w*)"
        r" (?:me|us|him|her|them) (?:to )?miss)\b",
        "You wasted my morning.",
        "I spent a lovely morning there.",
    ),
    Row(
        "effort",
        800,
        "had have having forced made lost sleep* luggage bag bags told wrong",
        r"\b(?:had|have|having|forced|made me|make me|makes me) to (?:call|buy|pay|spend|sleep"
        r"|rebook|go back|drive|miss|repeat"
        r"|explain|chase|beg|fight|stand|sit|come back|do it|return|reorder|contact|wait)\b"
        r"|\b(?:lost|losing|lose|misplaced) (?:my|our|his|her|their|both|all) (?:\w+ )?(?:bags?"
        r"|luggage|order|package|parcel|reservation"
        r"|booking|seats?|data|files|stuff|suitcase)\b|\b(?:wrong|incorrect|damaged|defective"
        r"|empty|missing) (?:item|order|size|product|box"
        r"|parts?|address|information|info|bag|package|name)\b",
        "I had to call my bank as well.",
        "I have to go now, bye.",
        "none",
    ),
    Row(
        "effort",
        600,
        "told said says tell telling claims apparently supposedly supposed",
        r"\b(?:was|were|been|being|only to be|got) (?:all )?(?:just )?told\b|\b(?:they|rep|agent"
        r"|staff|lady|guy|she|he|you|who) (?:just |then )?told (?:me|us|him|her)\b"
        r"|\b(?:they|rep|agent|staff|lady|guy|she|he|who|then|keep|keeps) (?:tells?|telling)"
        r" (?:me|us)\b"
        r"|\b(?:apparently|supposedly|supposed to (?:be|have|get|arrive|come|receive|leave))\b",
        "I was told to call back tomorrow.",
        "A friend told stories.",
        "none",
    ),
    Row(
        "money_lost",
        1_400,
        "scam* ripped rip rips ripoff rip-off stole stealing thieves crooks robbed robbery con"
        " fraud fraudster* fraudulent thief cheat* swindl*",
        r"\b(?:scam(?:med|mers?|ming)?|ripp?(?:s|ed|ing)? ?-?off|ripp(?:ed|ing) (?:me|us|people"
        r"|customers)"
        r" off|stole (?:my|our)|steal(?:ing)?"
        r" (?:my|our|from|money)|thie(?:ves|f)"
        r"|crooks?|robbed|daylight robbery|robbery|con artists?|fraudsters?|swindl\w+"
        r"|(?:you|they|company|shop|store|seller|bank) cheat(?:s|ed)?(?: (?:me|us|people"
        r"|customers))?"
        r"|fraudulent (?:\w+ )?(?:company|business|shop|store|site|website|practices?|seller"
        r"|people|lot)"
        r"|(?:(?:is|are|a|an|you|youre|total|complete|pure|absolute|this|its|commit\w*|such|like)"
        r" )+frauds?"
        r"(?! (?:case|form|claim|report)))\b",
        "You ripped me off, thieves.",
        "Please block the stolen card.",
    ),
    Row(
        "money_lost",
        1_500,
        "charged billed debited overcharg* charging charge double",
        r"\b(?:charg(?:ed|ing)|billed|debited|pa(?:id|y)) (?:me |us |my (?:card|account)"
        r" )?(?:\$?\d+ )?(?:\w+ )?(?:twice|double|again|(?:\d+|two|three|four|five|six|several"
        r"|multiple"
        r"|many) times|extra"
        r"|wrong\w*|for (?:something|nothing|a service|it twice)|without|incorrectly|more than)\b"
        r"|\bdouble[ -](?:charg|bill)\w*|\bovercharg\w+",
        "My card was charged twice.",
        "It was charged overnight.",
    ),
    Row(
        "money_lost",
        1_000,
        "money refund refunded refunds cost costs compensat* reimburs* worth pocket",
        r"\b(?:want|give|get|getting|need|demand|where is|wheres|still no|no|refus\w+|owe\w*"
        r"|waiting (?:on|for)|deserve|issue)"
        r" (?:me |us )?(?:(?:my|our|a|the|full|any|some) )*(?:money|refund|compensation"
        r"|reimburse\w*|refunded)\b"
        r"|\bmoney back\b|\bcost(?:ing)? (?:me|us)\b|\bout of pocket\b|\blost (?:money|\$\d+)"
        r"|\b(?:not|isnt|wasnt|never) (?:been )?(?:refunded|credited"
        r"|reimbursed|compensated|worth)\b",
        "I want my money back.",
        "Money is no problem.",
        "none",
    ),
    Row(
        "confusion",
        500,
        "why what whats how",
        r"\bwhy (?:is|was|did|do|does|are|cant|wont|would|has|have|isnt|arent|didnt|dont|doesnt"
        r"|the|am|should|must|not|even|on earth)\b"
        r"|\bwhat(?:s| is| the)? (?:happened|going on|wrong with|the (?:deal|point|problem|hold"
        r" ?up|heck|hell)|gives|kind of)\b"
        r"|\bhow (?:is|can|do|could|are|hard) (?:it|you|that|this|they|i|is)(?: [^ .?]+)?"
        r" (?:possible|acceptable|ok|happen\w*|expect\w*|be|legal|fair|so|still|not|even|treat"
        r"|get)\b",
        "Why is my plan gone?",
        "That is why I like it.",
    ),
    Row(
        "confusion",
        400,
        "understand confus* sense idea clue",
        r"\b(?:dont|do not|cant|doesnt) understand\b|\bconfus(?:ed|ing)\b|\b(?:makes|make|making)"
        r" (?:no|zero) sense\b|\bno (?:idea|clue)\b",
        "This makes no sense, I am confused.",
        "I understand.",
        "none",
    ),
    Row(
        "urgent",
        400,
        "urgent* asap emergency immediately",
        r"\b(?:urgent(?:ly)?|asap|emergency|immediately)\b",
        "I need this urgently.",
        "An instant reply, great.",
    ),
    Row(
        "vulnerable",
        700,
        "medication medicine insulin hospital funeral wheelchair elderly pregnant chemo newborn",
        r"\b(?:my|her|his|our|an?|the|in|with|to)(?: [^ .?]+)? (?:medication|medicine|insulin"
        r"|hospital|funeral|wheelchair|elderly|pregnant|chemo\w*|newborn)\b",
        "My insulin was in that parcel.",
        "Elderly gentleman, a novel.",
    ),
)

_FEELING: Final = (
    Row(
        "anger",
        1_700,
        "furious livid outraged fuming pissed enraged irate infuriat* seething raging",
        r"\b(?:furious|livid|outraged|fuming|pissed(?: off)?|enraged|irate|infuriat\w+|seething"
        r"|raging)\b",
        "I am furious.",
        "Not furious at all.",
    ),
    Row(
        "anger",
        1_500,
        "worst",
        r"\b(?:the |your |by far |absolutely )*worst(?: [^ .?]+){0,3} (?:ever|service|airline"
        r"|company|experience|support|app|product|day|flight|customer|bank|shop|store|provider"
        r"|i)\b"
        r"|\bthe worst\b(?! of)",
        "The worst company I have ever dealt with.",
        "In the worst of weathers.",
    ),
    Row(
        "anger",
        1_300,
        "angry fed sick tired enough frustrat* disgust* disgrac* unacceptable ridiculous"
        " outrageous appalling inexcusable"
        " pathetic joke laugh laughing wits upset shame embarrass* absurd insult* laughable"
        " useless incompetent",
        r"\b(?:so |very |beyond |extremely |absolutely |totally |completely |really )?(?:angry"
        r"|fed up|sick (?:of|and tired)|tired of|had enough(?: of)?|enough is enough"
        r"|wits end|frustrat\w+|disgust\w+|disgrac\w+|unacceptable|ridiculous|outrageous"
        r"|appalling|inexcusable|pathetic|upset|embarrass\w+"
        r"|absurd|insult\w*|laughable|useless|incompetent|shame on you|what a shame)\b"
        r"|\b(?:is|are|was|what|such|complete|absolute|total|huge|bad|sick)(?: an?)? (?:\w+"
        r" )?(?:joke|laugh)\b|\bhaving a laugh\b|\blaughing ?stock\b",
        "I am fed up, this is unacceptable.",
        "He told a joke.",
    ),
    Row(
        "anger",
        1_200,
        "happy impressed pleased amused cool acceptable ok okay good satisfied fair right helpful"
        " thrilled fine unhappy disappoint* dissapoint* disapoint* annoy* friendly professional",
        r"\b(?:not|isnt|wasnt|arent|werent|far from|never been|less than) (?:at all |very |too "
        r"|so |really |exactly |being |a )?(?:happy|impressed|pleased|amused|cool"
        r"|acceptable|ok|okay|good enough|satisfied|fair|right|helpful|thrilled|fine|friendly"
        r"|professional)\b"
        r"|\b(?:so |very |really |extremely |beyond |quite )?(?:unhappy|dis+ap+oint\w*|annoy\w*)\b",
        "I am not happy with this.",
        "I am very happy, so cool.",
        "none",
    ),
    Row(
        "anger",
        1_200,
        "act shit together job dare kidding serious joking suck* kidding wrong hell heck terrible"
        " horrible awful poor bad",
        r"\bget (?:your|it|yourselves)(?: [^ .?]+)? together\b|\bdo your (?:\w+ )?job\b|\bhow"
        r" dare\b|\b(?:are|r) (?:you|u) (?:\w+ )?(?:kidding|serious|joking)\b"
        r"|\bwhat the (?:hell|heck|f\w*)\b|\b(?:you|u|that|this|it|service|airline|app|they"
        r"|really) (?:guys |all |just |really |totally )?sucks?\b"
        r"|\b(?:terrible|horrible|awful|poor|bad|crap(?:py)?|shitty|lousy|shocking) (?:\w+"
        r" )?(?:service|experience|customer|support|company|communication|app|attitude"
        r"|treatment)\b",
        "Are you serious? Do your job.",
        "A serious job.",
    ),
    Row(
        "anger",
        1000,
        "care cares clue shame customers",
        r"\b(?:dont|doesnt|do not|does not|didnt|never) (?:even |really |seem to |give a |even"
        r" seem to )*(?:care|cares)\b(?! (?:if|what|which|whether|for|how))|\bget a clue\b|\bno"
        r" customer (?:service|care|support)\b",
        "You simply don't care.",
        "I don't care which one.",
        "none",
    ),
    Row(
        "anger",
        600,
        "need needs should something learn better improve fix",
        r"\b(?:you|u|they|yall|guys|airline|company|team|service|app|site|website) (?:\w+"
        r" )?(?:needs? to|should (?:be|have|not|really|at least|do|fix|learn|stop|try))\b|\bdo"
        r" something\b|\b(?:please |just |need to |must |to |and )fix (?:this|your|it|the|that)\b"
        r"|\bstep (?:it |your \w+ )?up\b",
        "You need to learn manners. Do something!",
        "Do you need anything?",
        "none",
    ),
    Row(
        "profanity",
        1_500,
        "fuck* fck* shit* bullshit* asshole* bastard* bitch* wtf f*ck motherfuck* fu stfu bs sh*t"
        " arse dumbass",
        r"\b(?:fuck\w*|fck\w*|shit(?:ty|s|show)?|bullshit\w*|assholes?|bastards?|bitch\w*|wtf"
        r"|motherfuck\w*|stfu|dumbass\w*|bs)\b"
        r"(?! (?:awesome|amazing|love|great|good|yes|brilliant|yeah|happy))",
        "What is this shit?",
        "Fucking awesome, thank you!",
        "none",
    ),
    Row(
        "profanity",
        800,
        "damn* crap* hell bloody screw* ass freaking effing",
        r"\b(?:damn(?:it|ed)?|crap(?:py)?|bloody|screw(?:ed"
        r"|ing)? (?:you|me|us|up|over)|freaking|effing|(?:the|go to|as) hell"
        r"|(?:your|my|kiss) ass)\b",
        "What the hell.",
        "A bell in the hall.",
        "none",
    ),
    Row(
        "profanity",
        800,
        "idiot* moron* stupid dumb",
        r"\b(?:idiot(?:s|ic)?|morons?|stupid|dumb)\b",
        "What idiots.",
        "What a nice app.",
        "none",
    ),
    Row(
        "mock_praise",
        1_600,
        "thanks thank thx congrat* kudos",
        rf"\b(?:thanks|thank you|thx|congrat\w*|kudos)(?: (?:so much|a lot|very much|again|@|guys"
        rf"|to you|on|for that|alot))* for {_BLAME}",
        "Thanks for nothing.",
        "Thanks for the quick reply.",
        "none",
    ),
    Row(
        "mock_praise",
        1_200,
        "another delay* cancel* late broken wrong fail* lost error problem problems issue issues"
        " crash*"
        " missing damaged losing ruin* making keeping leaving ignoring breaking wasting screwing"
        " not",
        r"\b(?:great|awesome|wonderful|fantastic|lovely|brilliant|perfect|nice|excellent|good|yay)"
        rf" (?:(?:going|so|and|now|just|another|yet|one) (?:[^ .?]+ ){{0,4}}{_FAULT}\b|another\b"
        r"|(?:job|work)(?: [^ .?]+){0,2} (?:losing|delay\w+|cancel\w+|ruin\w+|making (?:me|us)"
        r"|keeping|leaving|ignoring|breaking|wasting|failing|screwing|not)\b)",
        "Great, another delay.",
        "Great work, thank you.",
        "none",
    ),
    Row(
        "mock_praise",
        1_200,
        "way",
        r"(?<!the )(?<!only )(?<!best )\bway to (?:go|ruin|treat|run|lose|keep|make|start|end|screw"
        r"|not|take|be)\b",
        "Way to ruin a holiday.",
        "This is the way to go.",
        "none",
    ),
    Row(
        "mock_praise",
        1_200,
        "love luck clap much try nice great lovely helpful",
        r"\b(?:gotta|got to|just|dont you) love (?:how|when|it when|the way|that|waiting|sitting"
        r"|being"
        r"|paying)\b|\blove (?:it when|being (?:ignored|stuck)|waiting|sitting on)\b"
        r"|\bgood luck (?:getting|with|trying|reaching|finding)\b|\bslow clap\b"
        r"|\bso much for\b(?<!thanks so much for)(?<!you so much for)(?<!very so much for)|\bnice"
        r" try\b"
        r"|\bwould be (?:nice|great|lovely|helpful) (?:if|to)\b",
        "So much for your promises.",
        "Thank you so much for your help.",
        "none",
    ),
    Row(
        "lost_trust",
        1_300,
        "trust faith confidence respect lied lying liars liar lie mislead* misled dishonest"
        " deceiv* deceptive false broken",
        r"\b(?:lost|losing|lose|no|zero|broke\w*|dont|cant|cannot|never|wont)(?: [^ .?]+){0,3}"
        r" (?:trust|faith|confidence|respect)\b"
        r"|\b(?:lied|lying|liars?|lies? to (?:me|us|your)|mislead\w*|misled|dishonest\w*"
        r"|deceiv\w*|deceptive|false (?:promis\w+|advertis\w+)|broken promises?)\b",
        "I have lost all trust in you.",
        "I trust you.",
        "none",
    ),
    Row(
        "lost_trust",
        800,
        "promised promise used expected expect let thought better shouldnt deserve* unlike",
        r"\bpromised (?:me|us|a|to|that|it|by|the|my|delivery|refund|call)\b|\bused to (?:love|be"
        r"|like|enjoy|trust|work|have)\b|\b(?:expected|expect|deserve) (?:\w+ )?(?:better|more)\b"
        r"|\blet (?:me|us) down\b|\bthought (?:you|u)"
        r" (?:guys )?(?:were|was|had|cared)\b"
        r"|\bdo better\b",
        "I expected better from you.",
        "Expect a call.",
        "none",
    ),
)

_INTENT: Final = (
    Row(
        "escalation_request",
        2_000,
        "manager managers supervisor supervisors superior management ceo boss human person charge"
        " senior higher escalat*",
        r"\b(?:speak|talk|talking|speaking|spoke|transfer(?:red)?|connect(?:ed)?|contact|get|put"
        r"|give|want|need|let|demand|call|where is|wheres|send this to)"
        r"(?: [^ .?]+){0,5} (?:manager|supervisor|superior|someone (?:in charge|higher|senior"
        r"|else)|human(?: being)?|real person|actual person|person in charge"
        r"|head office|ceo|boss|management|team lead)\b|\bescalat\w+ (?:this|it|my|the|to)\b",
        "Let me speak to your manager.",
        "My property manager will be at home.",
        "none",
    ),
    Row(
        "escalation_request",
        1_700,
        "complaint complaints complain",
        r"\b(?:formal|official|file|filed|filing|make|making|lodge|lodging|submit|submitted"
        r"|submitting|raise|register|send|sent|written|put in|open)"
        r" (?:an? |my |the |another |this )?(?:official |formal |written |serious )?complaints?\b"
        r"|\bwhere (?:can|do|should) i (?:\w+ )?complain\b"
        r"|\bcomplaints? (?:department|team|procedure|address|form)\b",
        "I want to make a formal complaint.",
        "No complaint from me.",
        "none",
    ),
    Row(
        "leave_threat",
        2_200,
        "never not wont dont longer wouldnt again last done business elsewhere lost",
        r"\b(?:never|not|wont|will not|dont|do not|no longer|wouldnt|would not|refuse to)"
        r"(?! (?:have|need) to)(?: [^ .?]+){0,3} (?:fly|flying|use|using|buy|buying|order"
        r"|ordering|shop|shopping"
        r"|book|booking"
        r"|return|returning|come back|coming back|do business|stay|staying|deal|purchase"
        r"|purchasing|spend|travel|recommend|renew|renewing|be back|be a customer)"
        r"(?: [^ .?]+){0,5} (?:again|with (?:you|them|your|@)|from (?:you|here|them)|you|your"
        r"|here|anymore|ever|business|@)(?= |$|[.?])"
        r"|\bnever again\b|\blast time (?:i|we|im|ill|that i|you|ever|flying|using|ordering)\b",
        "I will never order from you again.",
        "I never order on Mondays.",
        "none",
    ),
    Row(
        "leave_threat",
        2_000,
        "switch* elsewhere business customer customers competitor* done leaving leave moving"
        " loyalty goodbye ditch* taking",
        r"\bswitch(?:ing)? (?:to (?!the|a different (?:seat|time))|back to|over|providers?"
        r"|carriers?"
        r"|airlines?|banks?|companies"
        r"|my (?:\w+ )?(?:banks?|providers?|carriers?|airlines?|suppliers?|business|insurance"
        r"|network))\b|\bswitched (?:providers?|carriers?|airlines?"
        r"|banks?)\b|\belsewhere\b"
        r"|\b(?:lost|losing|lose|loose|loosing|about to lose) (?:an?|my|our|this|me|us|another"
        r"|many|\d+|your|so many)?(?: [^ .?]+){0,2} ?(?:customers?|business|clients?|loyalty|as a"
        r" customer)\b"
        r"|\b(?:take|taking|move|moving) (?:my|our) (?:\w+ )?(?:business|money|custom|account)\b"
        r"|\b(?:im|i am|we are|so|officially) done with (?:you|your|u|ur|yall|them|these|their|@"
        r"|dealing|flying|all of|this (?:company|airline|bank|app|service|store|shop|place|site"
        r"|website|nonsense|crap|shit|bullshit))(?= |$|[.?])|\b(?:go|going|gone|went) (?:to|with)"
        r" (?:your|a|the) competit\w+"
        r"|\bleaving (?:you(?! (?:an?|my|the|with|some|this|one|alone|to)\b)|for (?:an?|another"
        r"|the|your) (?:competit|better|different|other)\w*|your (?:company|service|bank|network"
        r"|airline|platform|app|site|shop|store))\b",
        "I am taking my business elsewhere.",
        "The business has many customers.",
    ),
    Row(
        "leave_threat",
        1_300,
        "cancel* close closing end ending terminat* delet* should shouldve wish",
        rf"\b(?:im|i am|we are|ill|i will|were) (?:just |now )?(?:going to )?{_QUIT}\b"
        rf"|\b{_QUIT} (?:right now|now|immediately|today|at once|asap|this instant|effective|before"
        r"|because|since|as you|and (?:give|refund|return|send|never|go|leave)|if (?:you|this"
        r"|it))\b"
        r"|\b(?:should|shouldve|should have|wish i(?: had|d)?) (?:have )?(?:flown|gone|booked"
        r"|chosen|stayed|stuck|taken|picked|used|known)\b",
        "Close my account now.",
        "How do I close my account?",
    ),
    Row(
        # Asked calmly this is an order like any other, and a small sign.
        "leave_threat",
        400,
        "cancel* close closing end ending terminat* delet*",
        rf"\b{_QUIT}\b(?! and (?:open|renew))",
        "Please close my account, thank you.",
        "How do I open an account?",
    ),
    Row(
        "legal_threat",
        2_500,
        "complain* complaint* lawyer* attorney* solicitor* sue suing sued lawsuit legal legally"
        " court ombudsman"
        " regulator bbb ftc fcc chargeback charge class police standards protection reporting"
        " report",
        r"\b(?:(?:file|filed|filing|make|making|lodge|lodging|submit\w*|raise|send|sent|put in"
        r"|open)"
        r" (?:\w+ ){0,3})?(?:complaints?|complain(?:ed|ing)?) (?:[^ .?]+ ){0,4}?(?:to|with|at)"
        r" (?:[^ .?]+"
        r" ){0,3}?(?:ombudsman|trading standards|consumer protection|better business bureau|bbb"
        r"|ftc|fcc"
        r"|regulators?|authority|authorities|commission|ministry|police)\b"
        r"|\b(?:my |a |our |your )?(?:lawyers?|attorneys?|solicitors?)\b|\b(?:will|gonna"
        r"|going to|ill|to|can|should|could|gon) sue\b|\bsue (?:you|them|your)\b|\b(?:suing"
        r"|lawsuit|class action)\b"
        r"|\blegal (?:action|steps|proceedings)\b|\b(?:take|taking|see|seeing"
        r"|going|go|meet) (?:you |them |this |it )?(?:to|in) (?:small claims )?court\b|\bsmall"
        r" claims\b"
        r"|\b(?:ombudsman|trading standards|consumer protection|better business bureau|bbb|ftc"
        r"|fcc|charge ?backs?)\b|\bgo(?:ing)? to the (?:police|regulator)\b|\breport(?:ing)?"
        r" (?:you|this) to (?:the|your)\b",
        "You will hear from my lawyer.",
        "Sue is my sister, the legal department is nice.",
    ),
    Row(
        "public_threat",
        1_700,
        "tell* post* twitter facebook instagram reddit youtube trustpilot yelp tiktok viral press"
        " media news star stars one-star 1-star review* story spread warn* public journalist"
        " newspaper",
        r"\b(?:tell(?:ing)?|warn(?:ing)?) (?:everyone|everybody|all (?:my|of)|my (?:friends"
        r"|followers|family)|the (?:whole )?world|people|others|every)\b"
        r"|\b(?:post|posting|posted|put|putting|share|sharing) (?:this|it|that|a video|my"
        r" (?:story|experience)|about (?:this|you|it))(?: [^ .?]+){0,3} (?:twitter|facebook"
        r"|instagram|reddit|youtube|trustpilot|yelp|tiktok|linkedin|everywhere|online|social"
        r" media|public\w*)\b"
        r"|\bgo(?:ing|es)? (?:public|viral|to the (?:press|media|papers|newspapers|news))\b"
        r"|\b(?:leav|writ|post|giv|gav|get|put|submit|expect)\w* (?:[^ .?]+ ){0,4}(?:(?:bad"
        r"|negative|terrible|scathing|horrible) reviews?|(?:one|1|zero)[ -]stars?)\b"
        r"(?! (?:hotel|motel|restaurant|place|room))"
        r"|\b(?:one|1|zero)[ -]star (?:reviews?|ratings?)\b|\bspread the word\b|\b(?:journalists?"
        r"|the"
        r" newspapers?)\b",
        "I am going to the press and tell everyone.",
        "Tell me the news.",
    ),
)

_RELIEF: Final = (
    Row(
        "thanks",
        600,
        "thank thanks thx ty tysm appreciate* grateful cheers kudos thankyou props shoutout",
        r"\b(?:many |so |much )?(?:thank you|thanks|thankyou|thx|ty|tysm|cheers|kudos|props to"
        r"|shout ?out to|grateful|much appreciated"
        r"|(?:really |i |we |very |so |do )appreciate (?:it|the|your|you|all)|appreciated)(?:"
        r" (?:so much|a lot|very much))?\b",
        "Thank you so much!",
        "I would like an answer.",
        "open",
    ),
    Row(
        "solved",
        1_500,
        "solved resolved fixed sorted works working set got gone arrived finally good",
        r"\b(?:is|was|been|are|its|now|you|they|he|she|team|finally|all|got|quickly|it|issue"
        r"|problem|that|this|everything|i|we) (?:\w+ )?(?:solved|resolved|fixed|sorted)\b(?!"
        r" yet)(?:(?: [^ .?]+){0,3}[^?]|$)"
        r"|\bworks? (?:now|again|like a charm)\b|\b(?:is|its|are|everything|all|back to) working"
        r" (?:now|again|fine|perfectly|great)\b|\ball (?:good now|set|sorted)\b|\bproblem (?:is"
        r" )?gone\b"
        r"|\bfinally (?:arrived|got (?:my|the|it)|received|came|works)\b|\bgot my (?:refund|money"
        r"|bag|order|package|luggage) (?:back|today|now)\b",
        "It works again, all sorted.",
        "When will this be resolved?",
        "open",
    ),
)

_SELF: Final = (
    r"(?:(?:am|was|did|do|made|make|feel|felt|like|such|so|a|an|the|own|really|very|bit|little"
    r"|being"
    r"|just|know|guess|probably|think|it|its|is|all|my|i|have|been|had|honest|silly|stupid|dumb"
    r"|total"
    r"|complete|fault|mistake|foolish|maybe|perhaps|something) )"
)

_MUTE: Final = (
    Row(
        MUTE,
        0,
        "idiot* moron stupid dumb silly foolish fault mistake mistakes bad",
        rf"\b(?:i|im|ive|my|mine|myself) {_SELF}{{0,6}}(?:idiot\w*|moron|stupid|dumb|silly|foolish"
        r"|fault|mistakes?)\b(?: (?:thing|mistake|question|of me|move))?|\bmy bad\b",
        "I did a dumb thing.",
        "I hate your stupid app.",
        "none",
    ),
    Row(
        MUTE,
        0,
        "fraud scam",
        r"\b(?:fraud|scam) (?:alerts?|department|team|protection|line|prevention|detection"
        r"|warnings?"
        r"|filters?|checks?)\b",
        "Who do I call to lift a fraud alert?",
        "It is a fraud.",
        "none",
    ),
)

ROWS: Final = (*_MUTE, *_WAITING, *_REPETITION, *_EFFORT, *_FEELING, *_INTENT, *_RELIEF)
"""Every English cue."""
