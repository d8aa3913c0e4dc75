"""English cues: what customers write when they wait, repeat themselves, threaten or are relieved.

Points are hundredths of distress. Which kinds of cue matter, and in which order, was measured
(docs/detection sections 3 and 4); the wording and the points are ours, rounded by hand.

Next step: `scoring.cues.Table` finds these rows.
"""

from __future__ import annotations

from typing import Final

from scoring.cues import MUTE, Row


def _not_after(words: str) -> str:
    r"""A pattern that matches after none of these words, apart by bars, in front of a word.

    >>> _not_after("my|the only")
    '(?<!\\bmy )(?<!\\bthe only )'
    """
    return "".join(rf"(?<!\b{word} )" for word in words.split("|"))


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
    r"(?:nothing|(?:the |another |an? |your |all |my )*(?:\w+ )?(?:delay\w*|cancel\w*|wait\w*|lost"
    r"|terrible|horrible|awful|worst|poor|bad|lack|no|zero|mess|runaround)\b|ruin\w*|wasting|losing"
    r"|cancel\w*|delay\w*|not (?!charging\b|cancel)|never |(?:sending|giving|selling|shipping"
    r"|charging) (?:me |us )?(?:the |an? )?(?:wrong|broken|old|damaged)|hanging up|ignor\w*|leaving"
    r" (?:me|us)|screwing|making (?:me|us) (?:miss|wait)|breaking|letting (?:me|us) down|stranding"
    r"|overcharg\w*|charging)"
)

_QUIT: Final = (
    r"(?:cancel|cancelling|canceling|close|closing|end|ending|terminate|terminating|delete"
    r"|deleting) (?:all )?(?:(?:my|our|this|the) (?:\w+ )?(?:accounts?|subscriptions?|memberships?"
    r"|contract|plan|policy)|(?:my|our) (?:\w+ )?service)"
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
        rf"\b(?<!i will be )(?<!ill be )(?<!im )(?<!i am )(?:delay(?:ed|s|ing)?|late|overdue"
        rf"|behind)\b(?: [^ .?]+){{0,3}} {_TIME}\b|\b{_TIME} (?:[^ .?]+ )?(?:delay\w*|late\w*"
        rf"|overdue|behind)\b|\b(?:is|was|been|are|were|got) delayed\b",
        "The courier is late by three hours.",
        "It is never too late to learn.",
    ),
    Row(
        "waiting",
        1_200,
        "still yet",
        r"\bstill (?:no|not|nothing|nowhere|missing|havent|hasnt|dont|doesnt|didnt|isnt|arent|cant"
        r"|wont|without|on hold|sitting|stuck|in the same)\b|\bnothing(?: [^ .?]+){0,3} yet\b"
        r"|\bnot(?! (?:yet|need|want|going|interested|finished|done|paid|sure|ready|decided"
        r"|confirmed|certain|set|booked|planned|tried|read|seen|watched|looked|been|at|right|now"
        r"|just)\b)(?: [^ .?]+){1,3} yet\b",
        "Still no sign of the refund.",
        "I still have the old model. A new one? Not yet, I am not sure yet.",
        "none",
    ),
    Row(
        "waiting",
        1_000,
        "arrived arrive received receive delivered shown show* came come gotten got shipped",
        rf"\b{_not_after('you|u|they')}{_NOT}(?: ever| even| yet| been| to| actually| still)*"
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
        r"|supposed to |expected to )?(?:wait|hold|sit|stay)\w*)\b"
        r"|\b(?:tak(?:es?|ing)|took|waited) (?:\w+ )?(?:so|too|very|this|that|forever|ages)"
        r"(?: (?:long|much))?\b",
        "How much longer must I wait?",
        "How long do I have to be there before departure?",
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
        r"|\b(?:ordered|sent|emailed|e-mailed|called|requested|submitted|opened|filed"
        r"|reported|returned"
        rf"|contacted|asked|wrote|messaged|dmed|complained|applied)\b(?: [^ .?]+){{0,6}}?"
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
        r"|was|are|were|has|have|had|even|ever|seems?|to|can|could|will|would|wants?|bother\w*"
        r"|actually|who|you|customer|support|service|team|@|able|me|us|just|really|here|there"
        r"|office|phone|airport|store|bank|desk|there|yet|knows how)){0,5} (?:answer\w*|respon\w+"
        r"|repl\w+|pick\w*|help\w*|call\w*|cares?|cared|knows?(?! about)|available|contact\w*"
        r"|listen\w*|tell\w*|told|came|comes|show\w* up|there|working (?:there|here|today))\b"
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
        r"|return(?:ed|ing)? (?:my|our|a) (?:\w+ )?(?:calls?|e?-?mails?|messages?|texts?)"
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
        r"|\b(?:hung|hang(?:ing|s)?) up on (?:me|us)\b"
        # Not the customer, who gives up.
        rf"|\b{_not_after('i|we|to|just|id|should|had to')}(?:hung|hang(?:ing|s)?) up\b(?! (?:the"
        rf"|an?|my|our|some)\b)"
        r"|\b(?:calls?|phone|line|agents?|reps?|you|they)"
        r"(?: (?:was|were|got|gets|keeps?|just|then|has|have|been)){0,3} disconnect\w*"
        r"|\bdisconnect(?:s|ed|ing)? (?:me|us|my call|the call)\b"
        r"|\b(?:straight|goes|went) to voicemail\b|\b(?:busy signal|line is busy|call volume"
        r"|dropped (?:my|the) call)\b",
        "Your agent hung up on me.",
        "We hung pictures on the wall, then I hung up.",
    ),
    Row(
        "no_answer",
        700,
        "anyone anybody someone somebody hello",
        r"\b(?:is )?(?:anyone|anybody|somebody|someone) (?:there|home|alive|reading|out there)\b"
        r"|\b(?:can|will|could|would|is) (?:anyone|anybody|someone|somebody)(?: [^ .?]+){0,2}"
        r" (?:help|answer|tell|respond|reply|call|going)\b",
        "Is anybody there?",
        "Can someone explain the process?",
    ),
    Row(
        "no_answer",
        500,
        "update updates news word dm check any",
        r"\bany (?:response|answer|reply)\b|\bany (?:updates?|news|word)(?: (?:yet|here|for me"
        r"|(?:on|about) (?:my|our|this)\b)|(?=[.?]|$))|\b(?:check|read|answer|respond to"
        r"|reply to) (?:my|the|your) (?:dms?|messages?|emails?|tickets?)\b",
        "Any update on my ticket?",
        "Any news of the city? Read the news.",
        "none",
    ),
)

_REPETITION: Final = (
    Row(
        "repetition",
        1_500,
        "time",
        r"\b(?:second|third|fourth|fifth|sixth|seventh|2nd|3rd|\d+th|umpteenth|hundredth|nth"
        r"|millionth) time\b(?! (?:flying|visiting|shopping|ordering|using|here|i fly|i visit"
        r"|around is))",
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
        r"|messages|requests|attempts|chats|agents|reps|departments)\b"
        r"|\b(?:open|opened|raised|submitted|logged|filed|created|sent) (?:\w+ )?(?:two|three|four"
        r"|five|six|\d{1,2}|several|multiple|many) (?:\w+ )?tickets\b"
        r"|\b(?:spoken|talked|spoke|transferred|passed) (?:to|with|between|by) (?:\w+ )?(?:two"
        r"|three|four|five|six"
        r"|\d|several|multiple|many)(?: different)? people\b",
        "I called four times today.",
        "Four tickets for four people.",
        "none",
    ),
    Row(
        "repetition",
        1_100,
        "again over yet keep keeps kept constantly always continually once",
        r"\b(?:again and again|over and over|once again|yet again|not again|here we go"
        r" again)\b"
        r"|\b(?:keeps?|kept|constantly|always|continually) (?:on )?(?:having|getting|asking"
        r"|calling|telling|saying"
        r"|sending|happening|coming|being|doing|making|changing|pushing|delay\w*|cancel\w*"
        r"|fail\w*|late|wrong|breaking)\b(?! better)",
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
        r"|given|mention\w*|wr[io]t\w*|submitt\w*|report\w*|dm\w*|paid|did)\b"
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
        rf"\b{_FAULT}(?: [^ .?]+){{0,3}} again\b|\banother {_FAULT}\b"
        rf"|\b(?=again\?){_not_after('try|check|search|look|there|it|one')}again\?",
        "The app is broken again.",
        "Can you check again? See you again soon.",
        "none",
    ),
)

_EFFORT: Final = (
    Row(
        "cannot",
        800,
        "cant cannot couldnt unable able impossible wont doesnt let letting way can could",
        r"\b(?:cant|cannot|can not|couldnt|could not|unable to|not able to|wasnt able to|wont let"
        r" (?:me|us)|doesnt let|wont allow|not letting (?:me|us)|impossible to|no way to|never able"
        r" to)\b(?! (?:wait|thank|remember|recommend|say|complain|go wrong|help but|believe|be"
        r" (?:more|happier)|imagine|even think|think of|find a (?:better|bad)|help (?:it|myself)"
        r"|beat|eat|drink|really think|give (?:less|a)|tell you(?=[.?]|$)|pick (?:just|one)|decide"
        r"|stand|get enough|stop (?:laughing|smiling|watching)|tell you how|make it(?! (?:work"
        r"|stop))|be helped|love|sleep|take any)\b)",
        "I cannot log in.",
        "I can't wait to see it, but my sister can't make it.",
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
        r"|\b(?:stranded|missed (?:my|our|the|his|her)|(?:make|made|making|makes|cause\w*)"
        r" (?:me|us|him|her|them) (?:to )?miss)\b",
        "You wasted my morning.",
        "I spent a lovely morning there.",
    ),
    Row(
        "effort",
        800,
        "had have having forced made lost sleep* luggage bag bags told wrong",
        rf"\b{_not_after('do i|do we|do you|will i|would i|should i|much i|youll|you will')}"
        r"(?:had|have|having|forced"
        r"|made me|make me|makes me) to (?:call|buy|pay|spend|sleep"
        r"|rebook|go back|drive|miss|repeat"
        r"|explain|chase|beg|fight|stand|sit|come back|do it|return|reorder|contact|wait)\b"
        r"|\b(?:lost|losing|lose|misplaced) (?:my|our|his|her|their|both|all) (?:\w+ )?(?:bags?"
        r"|luggage|order|package|parcel|reservation"
        r"|booking|seats?|data|files|stuff|suitcase)\b|\b(?:wrong|incorrect|damaged|defective"
        r"|empty|missing) (?:item|order|size|product|box"
        r"|parts?|address|information|info|bag|package|name)\b",
        "I had to call my bank as well.",
        "How much do I have to pay? I have to go now.",
        "none",
    ),
    Row(
        "effort",
        600,
        "told said says tell telling claims apparently supposedly supposed",
        r"\b(?:was|were|been|being|only to be|got) (?:all )?(?:just )?told\b|\b(?:they|rep|agent"
        r"|staff|lady|guy|she|he|you|who) (?:just |then )?told (?:me|us|him|her)\b|\b(?:they|rep"
        r"|agent|staff|lady|guy|she|he|who|then|keep|keeps) (?:tells?|telling) (?:me|us)\b"
        r"|\b(?:apparently|supposedly|supposed to (?:be(?! (?:good|great|fun|nice|excited))|have"
        r"|get|arrive|come|receive|leave))\b",
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
        r"|customers) off|stole (?:my|our)|steal(?:ing)? (?:my|our|from|money)|thie(?:ves|f)"
        r"|crooks?|(?:robbed|robbing) (?:me|us|people|customers|your)|(?:get|got|was|were|been"
        r"|being) robbed|daylight robbery|robbery|con artists?|fraudsters?|swindl\w+|(?:you|they"
        r"|company|shop|store|seller|bank) cheat(?:s|ed)?(?: (?:me|us|people|customers))?"
        r"|fraudulent (?:\w+ )?(?:company|business|shop|store|site|website|practices?|seller|people"
        r"|lot)|(?:(?:is|are|a|an|you|youre|total|complete|pure|absolute|this|its|commit\w*|such"
        r"|like) ){1,6}frauds?(?! (?:case|form|claim|report|account)))\b",
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
        r"|waiting (?:on|for)|deserve|issue) (?:me |us )?(?:(?:my|our|a|the|full|any|some)"
        r" )*(?:(?:my|our|full) money|money (?:back|refunded|returned)|refund|compensation"
        r"|reimburse\w*|refunded)\b|\bmoney back\b(?! guarantee)"
        r"|\b(?<!would )(?<!wouldve )(?<!would have )(?<!will )(?<!could )cost(?:s|ing)? (?:me|us)"
        r" (?:(?:an?|over|about|more than|around|nearly|almost|extra|an extra|another|up to)"
        r" )*(?:\d[\d.]*|fortune|money|hundreds|thousands|lot of money)\b(?!(?: (?:more|extra|whole"
        r"|full))* (?:hours?|hrs?|days?|minutes?|mins?|weeks?|months?))|\bout of pocket\b|\blost"
        r" (?:money|\d+ (?:dollars|bucks|euros?|pounds))|\b(?:not|isnt|wasnt|never) (?:been"
        r" )?(?:refunded|credited|reimbursed|compensated|worth (?:the money|what i paid|the"
        r" price))\b",
        "I want my money back.",
        "Money is no problem. How much will it cost me? It cost me 2 hours.",
        "none",
    ),
    Row(
        "confusion",
        500,
        "why what whats how",
        r"\bwhy (?!dont (?:you|we) (?:just )?(?:try|pick|book|go|take|find|use)\b)(?:is|was|did|do"
        r"|does|are|cant|wont|would|has|have|isnt|arent|didnt|dont|doesnt|the|am|should|must|not"
        r"|even|on earth)\b|\bwhat(?:s| is| the)? (?:happened|going on|wrong with|the (?:deal|point"
        r"|problem|hold ?up|heck|hell)|gives|kind of(?= (?:compan|service|customer service|airline"
        r"|bank|shop|people|idiot|joke|business|policy|answer|support|excuse)))|\bhow (?:is|can|do"
        r"|could|are|hard) (?:it|you|that|this|they|i|is)(?: [^ .?]+)? (?:possible|acceptable|ok"
        r"|happen\w*|expect\w*|be|legal|fair|so|still|not|even|treat)\b",
        "Why is my plan gone?",
        "What kind of music is it? Why don't you try another one?",
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
        r"\b(?:urgent(?:ly)?|asap|immediately(?= (?:please|or|because|as)\b|[.?]|$)|(?:family|fam"
        r"|medical|health|personal|work|an?|real|related) emergency(?! (?:exit|landing|takeoff|row"
        r"|services?)))\b",
        "I need this urgently.",
        "It vanished immediately after the order, by the emergency exit.",
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

_OFFERED: Final = (
    r"(?:options?|choices?|features?|functions?|functionality|modes?|support|buttons?|filters?"
    r"|settings?|ability|ways?|sizes?|colou?rs?|languages?|payments?|stops?|routes?|flights?"
    r"|stores?|locations?|branches|dates?|plans?|versions?|integrations?|notifications?|alerts?"
    r"|reminders?|lounges?|wifi|wi-fi|flavou?rs?|apps?|services?)"
)
"""What a company can have or lack."""

_FEATURE: Final = (
    r"(?:options?|features?|modes?|versions?|settings?|filters?|buttons?|way|apps?|discounts?)"
)

_WISH: Final = (
    Row(
        "wish",
        650,
        "wish",
        # Of us, or of something of ours: wishes for oneself, and good wishes, are none.
        r"\b(?:i|we|really|just|do|only|also) wish (?:that )?(?:(?:you|u|yall|your (?:\w+ )?\w+"
        r"|this (?:app|site|website|store|shop|service|plan)|the (?:app|site|website|store|shop"
        r"|service|plan|menu|bank|airline|company|device|product|lounge))(?: (?:guys|all|still|also"
        r"|would|could|just|actually))* (?:had|have|has|did|do|sold|sell|offered|offer|made|make"
        r"|let|allowed|allow|supported|support|flew|fly|shipped|ship|delivered|deliver|served|serve"
        r"|carried|carry|kept|stocked|stock|brought|bring|added|add|opened|open|accepted|accept"
        r"|showed|show|gave|give|came|worked with|were (?:open|available|closer|cheaper)|was"
        r" (?:open|available|easier|bigger|cheaper|faster))|there (?:was|were|would be|is) (?:an?"
        r"|some|more|any)|it (?:had|could|did|supported|came (?:in|with)|worked with))\b",
        "I wish you had a dark mode.",
        "I wish you a good day. I wish I had known.",
        "none",
    ),
    Row(
        "wish",
        650,
        "add bring introduc* offer* start* consider* make",
        rf"\b(?:please|pls|plz|can you|could you|should|need to|ought to|must|will you|would you)"
        rf" (?:\w+ )?(?:add (?:back )?(?:(?:an?|the|more|some|new|another|better|other)"
        rf" )?(?:[^ .?]+ ){{0,2}}?{_OFFERED}|bring back (?:the|your|my favou?rite|those|our)"
        rf"|introduce (?:an?|some|more)(?: [^ .?]+){{0,3}}? {_OFFERED}|start (?:offering|selling"
        r"|carrying|stocking|shipping|delivering|flying (?:to|from)|accepting)|consider (?:adding"
        r"|offering|bringing|introducing|making)|make (?:an?|the) (?:\w+ )?(?:app|version|option)"
        r"(?: (?:for|available|optional)))\b(?!(?: [^ .?]+){0,4} (?:my|our) (?:calendar|order|cart"
        r"|basket|booking|reservation|account|trip|list))",
        "Please add an option to sort by date.",
        "Please add the service to my order.",
        "none",
    ),
    Row(
        "wish",
        650,
        "should need needs only",
        rf"\b(?:you|yall|guys) (?:really |all )?should (?:really |at least )?(?:add|introduce|bring"
        rf" back|stock)(?! (?:me|my|us|it|this|that|the|him|her|more (?:staff|agents|people))\b)"
        rf" (?:[^ .?]+)(?: [^ .?]+)?|\bthere (?:really )?(?:should|needs to|ought to) be (?:an?"
        rf"|some|more) (?:[^ .?]+ ){{0,2}}?{_FEATURE}\b|\bif only (?:you|there|the (?:app|site"
        rf"|website|store|shop)) (?:had|was|were|offered|sold|supported|delivered|shipped)\b",
        "You should add Apple Pay.",
        "You need to add my name to the booking. There should be a gate.",
        "none",
    ),
    Row(
        "wish",
        650,
        "why",
        r"\bwhy (?:is|are|isnt|arent) there (?:still )?(?:no|not an?|no such|an?|any)"
        r" (?!one\b|body\b|agents?\b|answers?\b|repl|respon|info|updates?\b|communicat|staff\b"
        r"|help\b|plane|crew|flights?\b|record|apolog|delay|problem|charge|fee\b|difference|tax|vat"
        r"|need|limit|reason|explan|line\b|wait|issue|hold\b|error|people)(?:\w+ )?\w+|\bwhy"
        r" (?:dont|do not|doesnt|wont|cant) (?:you|u|yall|your (?:app|site|website|store|shop"
        r"|company)|the (?:app|site|website|store|shop)|this (?:app|site))(?: (?:guys|all|just"
        r"|still|even))* (?:offer|sell|carry|stock|support|add|include|provide|ship|deliver|fly"
        r"|accept|have)(?!(?: (?:an?|any|to|more|the|in|some|out|enough|your))* (?:one|people"
        r"|agents?|staff|answers?|info\w*|my|it|me|us|updates?|help|what|someone|anyone|crews?"
        r"|employees)\b)(?: [^ .?]+){1,2}",
        "Why is there no vegan menu? Why don't you ship to Norway?",
        "Why is there no answer? Why don't you have my data?",
        "none",
    ),
    Row(
        "wish",
        650,
        "would wouldnt itd id d",
        rf"\b(?:would|itd|id|wouldnt it|d) (?:really |also |all )?(?:(?:be (?:so |really |very "
        rf"|super |pretty |even )?(?:nice|great|good|cool|awesome|helpful|lovely|useful|handy"
        rf"|amazing|better) (?:if|to have|to see))|love (?:it )?(?:if|for you to|to see)|like it if"
        rf"|appreciate it if) (?:(?:you|u|yall|your (?:\w+ )?\w+|the (?:app|site|website|store|shop"
        rf"|menu|service))(?: (?:guys|all|could|would|can|will|just|also)){{0,4}} (?:had|have"
        rf"|offer\w*"
        rf"|add\w*|sold|sell|let|allow\w*|support\w*|bring|brought|made (?:it|an?|the)|make (?:it"
        rf"|an?|the)|includ\w+|provid\w+|show\w*|stock\w*|start\w*|ship\w*|serv\w+|flew|fly to"
        rf"|open\w*|introduc\w+|accept\w*)|(?:i|we|customers|people) could|there (?:was|were|is"
        rf"|would be)|(?:an?|more|some|the) (?:[^ .?]+ ){{0,2}}?{_OFFERED})\b|\bwould love (?:an?"
        rf"|some|more) (?:[^ .?]+ ){{0,2}}?{_FEATURE}\b|\b(?:an?|some|more) (?:[^ .?]+"
        rf" ){{0,2}}?{_FEATURE} would be (?:so |really |very )?(?:nice|great|good|cool|awesome"
        rf"|helpful|lovely|useful|handy)\b",
        "It would be great if you offered smaller sizes.",
        "It would be great if you could book it. I would love to see that film.",
        "none",
    ),
    Row(
        "wish",
        650,
        "plan plans when ever missing feature suggestion need lack* only",
        rf"\bany (?:plans?|chance) (?:\w+ )?(?:to|of|for) (?:\w+ )?(?:add|bring|offer|open|support"
        rf"|launch|releas|restock|ship|expand|introduc|start)\w*|\bwhen (?:will|are|do) (?:you|u"
        rf"|yall|we)(?: (?:guys|going to|gonna|ever|finally|plan to))* (?:add|adding|start"
        rf" (?:offering|selling|flying|shipping|delivering)|bring(?:ing)? back|offer|offering"
        rf"|open(?:ing)? (?:an?|in|up)|launch\w*|support\w*|introduc\w+|restock\w*|(?:ship|deliver"
        rf"|fly|expand) to(?! (?:me|us|my)\b))\b|\bfeature requests?\b|\b(?:only|one) thing"
        rf" (?:thats |it is |its |that is )?missing\b|\b(?:you|app|site|website|it) (?:\w+"
        rf" )?(?:lacks?|is missing|are missing) (?:an?|any|the) (?:\w+ )?{_OFFERED}\b|\b(?:you|yall"
        rf"|we|guys|app|site|website) (?:\w+ )?needs? (?:more|an?|some) (?:[^ .?]+"
        rf" ){{0,2}}?(?:options?|features?|modes?|filters?|buttons?|settings?|routes?|locations?"
        rf"|choices?|direct flights?|nonstop flights?)\b",
        "Any plans to open a branch in Leeds?",
        "What are your plans? You need a ticket. When will you open the gate?",
        "none",
    ),
)

_STAFF: Final = (
    r"(?:agents?|reps?|representatives?|staff|employees?|workers?|crew|attendants?"
    r"|stewardess(?:es)?|drivers?|couriers?|cashiers?|clerks?|managers?|supervisors?|technicians?"
    r"|engineers?|receptionists?|waiters?|waitress(?:es)?|servers?|operators?|advis[eo]rs?"
    r"|assistants?|consultants?|colleagues?|personnel|tellers?|team|customer (?:service|care"
    r"|support)|salesm[ae]n|salespersons?|guards?|pilots?|doctors?|nurses?|teachers?|instructors?"
    r"|csrs?|supvrs?|counter|desk|front desk|hotline|helpline)"
)
_PERSON: Final = r"(?:lady|woman|guy|man|girl|gentleman|person|people)"
_RUDE: Final = (
    r"(?:rude|rudely|rudeness|unprofessional|unprofessionally|condescending|disrespectful"
    r"|disrespectfully|impolite|discourteous|arrogant|snarky|snippy|snotty|curt|surly|hostile"
    r"|abusive|patroni[sz]ing|dismissive|insulting|sarcastic|confrontational|obnoxious|ill-mannered"
    r"|aggressive|nasty|belligerent)"
)
_BEING: Final = (
    r"(?:(?:was|were|is|are|been|being|be|have|has|who|that|just|so|very|extremely|incredibly"
    r"|really|quite|always|also|such|an?|the|at|in|on|your|this|and|&|to|me|us|both|all|super"
    r"|beyond|totally|completely|absolutely|too|most|more|unbelievably|insanely|unhelpful|uncaring"
    r"|angry|mean|over|phone|counter|desk|gate|call|check-in|ticket|store|shop|bank|office|line"
    r"|hotline|members?|there|here|equally|slow|incompetent|lazy|useless|spoke|talked|acted|behaved"
    r"|suck|will|baggage|luggage|reservations?|front|billing|taking|working|answering|not only) )"
)
"""What may stand between a person and how they were: no open word, so that no name can."""

_FROM: Final = r"(?<![^ ])"
_TO: Final = r"(?![^ .?])"
"""Whole chunks only, so that no name is glued to what is quoted."""

_RUDE_WORDS: Final = (
    "rude rudely rudeness unprofessional* condescending disrespectful* impolite discourteous"
    " arrogant snarky snippy snotty curt surly hostile abusive patronising patronizing dismissive"
    " insulting sarcastic confrontational obnoxious ill-mannered aggressive nasty"
    " belligerent"
)

_CONDUCT: Final = (
    # A fact about the touch-point, of no person: quotes are its own words (`scoring.cues.BARE`), so
    # no pattern here takes in a word that could be a name.
    Row(
        "staff_conduct",
        1_250,
        _RUDE_WORDS,
        rf"{_FROM}(?:{_STAFF}|{_PERSON}|he|she|they|you|u|youre|theyre|shes|hes|yall|guys|everyone"
        rf"|everybody|who) {_BEING}{{0,6}}{_RUDE}{_TO}"
        # Who it was may be a name, which stays outside.
        rf"|{_FROM}{_not_after('i|we|if')}(?:was|were|is|are|been|being) (?:(?:so|very|really|quite"
        rf"|extremely|incredibly|such|an?|super|beyond|totally|completely|absolutely|too|most|and"
        rf"|unhelpful) ){{0,4}}(?:rude|unprofessional|condescending|disrespectful|impolite"
        rf"|discourteous|snarky|arrogant){_TO}",
        "Your agent was very rude to us.",
        "I did not want to be rude. They were not rude.",
    ),
    Row(
        "staff_conduct",
        1_250,
        _RUDE_WORDS,
        rf"{_FROM}(?:very |so |extremely |incredibly |your |such )?{_RUDE} (?:(?:and|&|or|your|the"
        rf"|unhelpful|uncaring|angry|incompetent|lazy|slow|gate|ticket|flight|desk|phone|store|shop"
        rf"|counter|baggage|check-in|call|support|service|delivery|bored|unreliable|horrible"
        rf"|miserable|unsympathetic|sales|dirty|nasty|ground|cabin|cs|customer) ){{0,3}}(?:{_STAFF}"
        rf"|service|behaviou?r|conduct|treatment|tone|attitude){_TO}",
        "Rude and unhelpful staff.",
        "Rude passengers on the bus.",
    ),
    Row(
        "staff_conduct",
        1_250,
        _RUDE_WORDS,
        rf"{_FROM}(?:treated|spoken to|talked to|addressed|answered)(?: (?:me|us|so|very|quite"
        rf"|really|extremely|in|an?|such)){{0,4}} {_RUDE}{_TO}|{_FROM}{_RUDE} (?:to|with|towards?)"
        rf" (?:me|us|my|customers|people|passengers){_TO}|{_FROM}(?:unprofessional|unprofessionally"
        rf"|condescending)(?! (?:airline|company|business|decisions?|website|site|app|for|to"
        rf"|that)){_TO}",
        "We were treated very disrespectfully.",
        "An unprofessional website.",
    ),
    Row(
        # By a person: a line that hangs up is `no_answer`.
        "staff_conduct",
        1_250,
        "hung hangs hang hanging phone",
        rf"{_FROM}(?:{_STAFF}|{_PERSON}|he|she|they) (?:(?:just|then|simply|literally|even|always"
        rf"|keeps?|kept|has|have|who|and|on|the|phone|rudely|abruptly|got|mad|angry)"
        rf" ){{0,4}}(?:hung|hangs?|hanging) (?:up|the phone)(?: on (?:me|us))?{_TO}(?! (?:the|an?"
        rf"|my|our|some)\b)|{_FROM}(?:put|puts|slammed) the phone down(?: on (?:me|us))?{_TO}",
        "She hung up on me.",
        "The line hung up. I got hung up on.",
    ),
    Row(
        "staff_conduct",
        1_250,
        "yell* shout* scream* snapped swore cursed laughed laughing eyes",
        rf"{_FROM}(?:yell(?:ed|ing|s)?|shout(?:ed|ing|s)?|scream(?:ed|ing|s)?|snapped|swore|cursed"
        rf"|laugh(?:ed|ing)) at (?:me|us|my|customers|passengers|people){_TO}"
        rf"|{_FROM}roll(?:ed|ing|s) (?:her|his|their) eyes{_TO}",
        "The driver yelled at us.",
        "I laughed at the film.",
    ),
    Row(
        "staff_conduct",
        1_250,
        "treat* talk* spoke* speak*",
        rf"{_FROM}treat(?:ed|ing|s)?(?: (?:me|us|customers|people|passengers|your|their|loyal|my"
        rf"|family|wife|husband|mother|mom|dad|father|daughter|son|so|very|like|as|an?|the|if|we|i"
        rf"|were|was|total|complete|absolute|some|am|are|im)){{0,7}} (?:garbage|trash|dirt|rubbish"
        rf"|crap|shit|criminals?|prisoners?|idiots?|child|children|animals?|nobody|nothing|burden"
        rf"|nuisance|thief|thieves|fools?|poorly|badly|horribly|terribly|unfairly){_TO}"
        rf"|{_FROM}(?:talk|talked|talking|spoke|speak|spoken) (?:down )?to (?:me|us|customers"
        rf"|people) (?:like|as if|as though){_TO}|{_FROM}(?:talked|talking|talks|spoke) down"
        rf" to{_TO}|{_FROM}(?:talk|talked|talking|talks|spoke) over (?:me|us){_TO}|{_FROM}(?:never "
        rf"|not )?been (?:spoken to|talked to|treated) (?:like (?:that|this)|this way|so (?:badly"
        rf"|poorly)){_TO}|{_FROM}how (?:your|the|their) {_STAFF} (?:treat|treats|treated){_TO}",
        "You treat your customers like dirt.",
        "We were treated well.",
    ),
    Row(
        "staff_conduct",
        1_250,
        "attitude attitudes compassion empathy courtesy manners professionalism",
        rf"{_FROM}(?:nasty|bad|terrible|awful|horrible|poor|serious|rude|some|such an?|real|shitty"
        rf"|lousy) attitudes?{_TO}"
        rf"|{_FROM}(?:gave|gives?|giving|got|getting|had|with|and)(?: (?:me|us|such|an?|so|much"
        rf"|customers|people|the|her|his|their)){{0,4}} attitude{_TO}"
        rf"|{_FROM}(?:no|zero|lack of|without|not an ounce of) (?:any |common )?(?:compassion"
        rf"|empathy|courtesy|manners|professionalism)(?! of){_TO}",
        "The clerk gave us attitude and had no manners.",
        "What a good attitude.",
    ),
    Row(
        "staff_conduct",
        1_250,
        "refused refuse refuses refusing humiliated belittled insulted bullied mocked ignored"
        " ignores",
        rf"{_FROM}(?:{_STAFF}|{_PERSON}|he|she|they|who)(?: (?:just|even|then|simply|flat|out|has"
        rf"|have|also|who|at|the|gate)){{0,4}} (?:refus(?:ed|es|ing) to (?:help|assist|listen|talk"
        rf"|speak|serve|look)|(?:humiliated|belittled|insulted|bullied|mocked|ignored|ignores)"
        rf" (?:me|us|my)){_TO}",
        "The waiter refused to listen.",
        "The bank refused to pay.",
    ),
)

_FEELING: Final = (
    Row(
        "anger",
        1_700,
        "furious livid outraged fuming pissed enraged irate infuriat* seething raging",
        r"\b(?:(?<!fast and )(?<!fast & )(?<!and the )furious|livid|outraged|fuming|pissed(?: off)?"
        r"|enraged|irate|infuriat\w+|seething|raging)\b",
        "I am furious.",
        "Not furious at all.",
    ),
    Row(
        "anger",
        1_500,
        "worst",
        r"\b(?:the |your |by far |absolutely ){0,4}worst(?! (?:pain|weather|storm|case|part|of)\b)"
        r"(?: [^ .?]+){0,3} (?:ever|service|airline"
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
        r"\b(?:so |very |beyond |extremely |absolutely |totally |completely |really"
        r" )?(?:angry(?! (?:travell?er|passenger|man|woman|birds?)\b)|fed up|sick (?:of|and tired)"
        r"|tired of|had enough(?: of)?|enough is enough|wits end|frustrat\w+|disgust\w+|disgrac\w+"
        r"|unacceptable|ridiculous|outrageous|appalling|inexcusable|pathetic|upset|embarrass\w+"
        r"|absurd|insult\w*|laughable|useless|incompetent|shame on you|what a shame)\b|\b(?:is|are"
        r"|was|what|such|complete|absolute|total|huge|bad|sick)(?: an?)? (?:\w+ )?(?:joke|laugh)\b"
        r"|\bhaving a laugh\b|\blaughing ?stock\b",
        "I am fed up, this is unacceptable.",
        "He told a joke.",
    ),
    Row(
        "anger",
        1_200,
        "happy impressed pleased amused cool acceptable ok okay good satisfied fair right helpful"
        " thrilled fine friendly professional",
        r"\b(?:not|isnt|wasnt|arent|werent|far from|never been|less than) (?:at all |very |too "
        r"|so |really |exactly |being |a )?(?:happy|impressed|pleased|amused|cool"
        r"|acceptable|ok|okay|good enough|satisfied|fair|helpful|thrilled|fine|friendly"
        r"|professional)\b|\b(?:just|simply|so|really) not right\b(?! (?:now|away|this))",
        "I am not happy with this.",
        "Not right now, I am very happy.",
        "none",
    ),
    Row(
        "anger",
        1_200,
        "unhappy disappoint* dissapoint* disapoint* annoy*",
        r"\b(?:so |very |really |extremely |beyond |quite )?(?:unhappy|dis+ap+oint\w*|annoy\w*)\b",
        "I am disappointed.",
        "You did not disappoint us.",
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
        # Who does not care is the company: "I don't care" is a choice left open.
        r"\b(?:you|u|yall|they|guys|company|airline|bank|team|staff|people|agents?|reps?|service"
        r"|just|clearly|obviously|simply|@)(?: (?:guys|all|just|clearly|obviously|simply"
        r"|really)){0,4}"
        r" (?:dont|doesnt|do not|does not|didnt|never) (?:even |really |seem to |give a |even"
        r" seem to )*(?:care|cares)\b(?! (?:if|what|which|whether|for|how))|\bget a clue\b|\bno"
        r" customer (?:service|care|support)\b",
        "You simply don't care.",
        "I don't care about the price range.",
        "none",
    ),
    Row(
        "anger",
        600,
        "need needs should something learn better improve fix",
        r"\b(?:you|u|yall|guys|airline|company|team|service|app|site|website) (?:\w+ )?(?:needs? to"
        r"|should (?:be ashamed|not|really|at least|do|fix|learn|stop|try))\b|\b(?:please|just|must"
        r"|should|need to|you|and|or) do something\b(?! (?:fun|nice|else|like|with|different"
        r"|interesting|around|in|on|for))|\bdo something about (?:this|it|your)\b|\b(?:(?:please "
        r"|just |need to |must |and )fix (?:this|your|it|that)|(?:just|need to|must) fix the)\b"
        r"|\bstep (?:it |your \w+ )?up\b",
        "You need to learn manners. Do something about it!",
        "Please fix the appointment at noon, then we do something fun.",
        "none",
    ),
    Row(
        "profanity",
        1_500,
        "fuck* fck* f*ck* shit* bullshit* asshole* bastard* bitch* wtf motherfuck* stfu bs sh*t*"
        " arse dumbass",
        r"\b(?:fuck\w*|fck\w*|f\*ck\w*|sh\*t\w*|(?<!lost my )(?<!holy )shit(?:ty|s|show)?"
        r"|bullshit\w*|assholes?|bastards?|(?<!to )(?<!could )bitch(?:es|y)?|wtf|motherfuck\w*|stfu"
        r"|dumbass\w*|bs)\b(?! (?:awesome|amazing|love|great|good|yes|brilliant|yeah|happy))",
        "What is this shit?",
        "Fucking awesome, thank you!",
        "none",
    ),
    Row(
        "profanity",
        800,
        "damn* crap* hell bloody screw* ass freaking effing",
        r"\b(?:damn(?:it|ed)?|crap(?:py)?|(?<!really )(?<!so )bloody|screw(?:ed"
        r"|ing)? (?:you|me|us|up|over)|freaking(?! out)|effing|(?:the|go to) hell"
        r"|(?:your|my|kiss) ass)\b"
        r"(?!(?: [^ .?]+){0,2} (?:good|great|awesome|amazing|love|loved|like|best|nice|rocks?"
        r"|brilliant|happy|funny|mary))",
        "What the hell.",
        "That was damn good, I freaking love it.",
        "none",
    ),
    Row(
        "profanity",
        800,
        # Bare, "stupid" is mostly said of films and of oneself; here it has somebody or something.
        "idiot* moron* stupid dumb",
        r"\b(?:idiot(?:s|ic)|morons?)\b|\b(?:you|u|youre|your|ur|an?|like|these|those|such|of|by)"
        r" (?:\w+ )?idiot\b|\b(?:you|u|youre|your|ur|this|these|those|the|such|another|some|are|of"
        r"|freaking|so|damn|(?:your|this|the) (?:app|site|website|system|policy|rules?|company"
        r"|service|\w+ policy) (?:is|are)(?: so| just| really)?) (?:stupid|dumb)\b(?! (?:movies?"
        r"|films?|comed\w+|question))",
        "What idiots.",
        "I found it stupid.",
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
        r"|keeping (?:me|us|people)|leaving|ignoring|breaking|wasting|failing|screwing|not)\b)",
        "Great, another delay.",
        "Great work, thank you.",
        "none",
    ),
    Row(
        "mock_praise",
        1_200,
        "way",
        r"\b(?=way to )"
        + _not_after(
            "the|only|best|a|no|any|his|her|their|my|your|our|easy|better|good|another|one|lousy"
            "|quick|every"
        )
        + r"way to (?:go|ruin|treat|run|lose|keep|make|start|end|screw|not"
        r"|take|be)\b",
        "Way to ruin a holiday.",
        "This is the way to go.",
        "none",
    ),
    Row(
        "mock_praise",
        1_200,
        "love luck clap much try",
        r"\b(?:gotta|got to|just|dont you) love (?:how|when|it when|the way|that|waiting|sitting"
        r"|being"
        r"|paying)\b|\blove (?:it when|being (?:ignored|stuck)|waiting|sitting on)\b"
        r"|\bgood luck (?:getting|with|trying|reaching|finding)\b|\bslow clap\b"
        rf"|\b(?=so much for){_not_after('thanks|thank|you|so|it|that')}so much for\b"
        r"|\bnice try\b",
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
        r"\bpromised (?:me|us|a|to|that|it|by|the|my|delivery|refund|call)\b|\bused to (?:love|like"
        r"|enjoy|trust)\b|\b(?<!i )used to (?:work|be (?:my|our|an?|the|so|such|better|great|good"
        r"|reliable|one|able))\b|\b(?:expected|expect|deserve) (?:\w+ )?(?:better|more)\b|\blet"
        r" (?:me|us) down\b|\bthought (?:you|u) (?:guys )?(?:were|was|had|cared)\b|\bdo better\b",
        "I expected better from you.",
        "Expect a call.",
        "none",
    ),
)

_RIVAL: Final = (
    r"(?:airlines?|carriers?|providers?|suppliers?|compan(?:y|ies)|vendors?|retailers?|insurers?"
    r"|operators?|banks)"
)
_WATCHDOG: Final = (
    r"(?:ombudsm[ae]n|trading standards|consumer (?:protection|affairs|rights|council)|better"
    r" business bureau|bbb|ftc|fcc|cfpb|ofcom|ofgem|regulators?|attorney general)"
)
"""Who a customer complains to about a company, in several trades and countries."""

_SHALL: Final = (
    r"(?:ill|i will|im|i am|we will|we are|going to|gonna|will be|i shall|plan to|intend to|let me"
    r"|happy to|make sure (?:to|i|we|that)|making sure (?:to|i)|i have to|i must)"
)
_PLATFORM: Final = r"(?:twitter|facebook|instagram|reddit|youtube|trustpilot|yelp|tiktok|linkedin)"
_OTHERS: Final = (
    r"(?:everyone|everybody|anyone|all (?:my|of|the)|my (?:\w+ )?(?:friends|followers|network"
    r"|readers)|the (?:whole )?world|people|others|every \w+)"
)

_INTENT: Final = (
    Row(
        "escalation_request",
        2_000,
        "manager managers supervisor supervisors superior* management ceo boss human* person charge"
        " senior higher escalat* live real actual head lead someone somebody",
        r"\b(?:speak|talk|talking|speaking|spoke|transfer(?:red)?|connect(?:ed)?|contact|get|put"
        r"|give|(?:want|need)(?! to (?:be|watch|see)\b)|let|demand|call|where is|wheres|send this"
        r" to)(?: [^ .?&]+){0,5} (?:managers?|supervisors?|superiors?|someone (?:in charge|higher"
        r"|senior)|humans?(?: being)?|(?:real|actual|live) (?:person|people|agent|rep"
        r"|representative)|person in charge|head office|ceo|boss|management|team lead)\b|\b(?:speak"
        r"|talk|transfer|connect|put|pass) (?:me )?(?:to|with|on to|through to) some(?:one|body)"
        r" (?:else|who (?:can|knows|understands|actually|speaks|is))\b|(?<!do i have to )\b(?:speak"
        r"|talk|speaking|talking|chat) (?:to|with) an? person\b|\bwho(?: is|s) your (?:manager"
        r"|supervisor|boss)\b|\b(?:want|need) (?:this|it) escalated\b|\bescalat\w+ (?:this|it|my"
        r"|the|to)\b",
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
        "never not wont dont longer wouldnt again last renewing notice leaving gone out",
        r"\b(?:(?:never|wont|will not|no longer|wouldnt|would not|refuse to)|(?:i|we|customers)"
        r" (?:dont|do not)"
        r"|(?=not )(?<!can )(?<!could )(?<!to )(?<!do )(?<!did )(?<!regret )not)(?! (?:if|(?:have"
        r"|need) to|recall|remember|know|see|think i|have an?))(?: [^ .?]+){0,3} (?:fly|flying|use"
        r"|using|buy|buying|order|ordering|shop|shopping|book|booking|return|returning|come back"
        r"|coming back|do business|stay|staying|deal|purchase|purchasing|spend|travel|recommend"
        r"|renew|renewing|be back|be a customer)(?: [^ .?]+){0,5} (?:again|with (?:you|them|your|@)"
        r"|from (?:you|here|them)|you|your|here|anymore|ever|business|@)(?= |$|[.?])|\b(?:not|wont"
        r" be|will not be) renewing\b|\b(?:this is|consider this) (?:my|our) (?:\w+ )?notice\b|\bif"
        r" [^.?]{3,60} (?:im|ill be|we are|well be) (?:leaving|gone|out)(?=[.?]|$)|\bnever again\b"
        r"|\blast time (?:that )?(?:ill|im|i will|i ever|well|we will|(?:i|we) (?:fly|use|order|buy"
        r"|book|shop|stay|deal|travel|do|trust|come|eat|go|spend|rent|call|try)|ever|flying|using"
        r"|ordering|buying|booking|shopping|staying|dealing|i would)\b|\b(?:is|was|be|been"
        r"|definitely) (?:(?:my|our) (?:very )?(?:first and )?last (?:time|order|purchase|flight"
        r"|stay|visit|trip|booking)(?! (?:for|of|in|before|this|today)\b)|the (?:very )?last"
        r" time)\b(?! (?:i|we|you) (?:\w+ed|flew|did|was|had))",
        "I will never order from you again.",
        "I never order on Mondays.",
        "none",
    ),
    Row(
        "leave_threat",
        2_000,
        "switch* elsewhere business customer customers competitor* done leaving leave moving"
        " loyalty goodbye ditch* taking",
        r"\bswitch(?:ing)? (?:to (?!(?:the|my|an?|this|that|it|seats?|flights?|one)\b)|to"
        r" (?:an?other|a (?:different|better|new)|your|the) (?:\w+ )?(?:provider|carrier|airline"
        r"|bank|company|supplier|network|competit\w+|brand)|back to|over to|providers?|carriers?"
        r"|airlines?|banks?|companies|my (?:\w+ )?(?:banks?|providers?|carriers?|airlines?"
        r"|suppliers?|business|insurance|network))(?= |$|[.?])|\bswitched (?:providers?|carriers?"
        r"|airlines?|banks?)\b|\b(?<!you )(?<!u )(?:go|going|gone|shop|shopping|buy|buying|book"
        r"|booking|order|ordering|bank|look|looking|fly|flying|business|custom|money|taking it"
        r"|somewhere|try)(?: (?:it|this|them|my|flights?|tickets?))? elsewhere\b(?! (?:in|on|at|for"
        r" (?:an?|some))\b)|\b(?:lost|losing|lose|loose|loosing|about to lose) (?:an?|my|our|this"
        r"|me|us|another|many|\d+|your|so many)?(?: [^ .?]+){0,2} ?(?:customers?|business|clients?"
        r"|loyalty|as a customer)\b|\b(?:(?:take|taking|move|moving) (?:my|our) (?:\w+"
        r" )?(?:business|custom)|(?:take|taking|move|moving|transfer\w*|pull\w*) (?:all )?(?:my"
        r"|our) (?:\w+ )?(?:money|accounts?|savings) (?:elsewhere|out|away|somewhere|to"
        r" an?other))\b|\b(?:im|i am|we are|so|officially) done with (?:you|your|u|ur|yall|them"
        r"|these|their|@|dealing|flying|all of|this (?:company|airline|bank|app|service|store|shop"
        r"|place|site|website|nonsense|crap|shit|bullshit))(?= |$|[.?])|\b(?:go|going|gone|went)"
        r" (?:to|with) (?:your|a|the) competit\w+|\bleaving (?:you(?! (?:an?|my|the|with|some|this"
        r"|one|alone|to)\b)|for (?:an?|another|the|your) (?:competit|better|different|other)\w*"
        r"|your (?:company|service|bank|network|airline|platform|app|site|shop|store))\b",
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
        r"|it))\b|\b(?:should|shouldve|should have|wish i(?: had|d)?) (?:have )?(?:flown|gone"
        r"|booked|chosen|stayed|stuck|taken(?! (?:seconds|minutes|hours|days|an?|less|about|\d))"
        r"|picked|used|known)\b(?! (?:with (?:you|u|@)|earlier|sooner|better))",
        "Close my account now.",
        "How do I close my account?",
    ),
    Row(
        # Asked calmly this is an order like any other, and a small sign.
        "leave_threat",
        400,
        "cancel* close closing end ending terminat* delet*",
        rf"\b{_QUIT}\b(?! (?:and (?:open|renew)|(?:at )?any ?time|later))",
        "Please close my account, thank you.",
        "How do I open an account?",
    ),
    Row(
        "competitor",
        900,
        "competit* another other different better rival rivals alternative alternatives unlike than"
        " reliable",
        rf"\b(?:your|an?|the|any|all|other|direct|one of your) (?:\w+ )?competitors?\b|\byour"
        rf" (?:\w+ )?competition\b|\bthe competition (?:is|has|does|offers|was|will|lets)\b"
        rf"|\banother (?:bank|store|shop|site|app|firm) (?:offers?|has|sells?|gives?|lets|charges?"
        rf"|does)\b|\byour rivals?\b|\balternatives? to (?:you|your|this (?:app|service|bank"
        rf"|company|product))\b|\b(?:evaluat|consider|compar|explor)\w* (?:some |other |the"
        rf" )?alternatives\b|\b(?:use|using|try|trying|find|choose) (?:an?other|a different|some"
        rf" other) (?:app|service|software|tool|bank)(?=[.?]|$| (?:instead|if|for|that|which"
        rf"|because|now|next)\b)"
        # Not "better than any other", and not what is told of them to our praise.
        rf"|\b(?<!any )(?<!be )(?<!like )(?<!like the )(?<!like every )(?:an?other|other|a"
        rf" different|a diff|a better|a more reliable) (?:\w+ )?{_RIVAL}\b(?! (?:flights?|seats?"
        rf"|tickets?|number|account|representative|person|agent|rep|take notes?|should learn|(?:are"
        rf"|is|were|was) (?:\w+ )?(?:horrible|terrible|awful|worse|bad|delayed)))|\b(?:better|worse"
        rf"|cheaper|rather|more)(?: [^ .?]+){{0,2}} than (?:at |with |on |from )?@(?= |$)|\bunlike"
        rf" @(?= |$)",
        "Another provider offers it for less, says your competitor.",
        "Is there another flight, or a competition to win?",
        "none",
    ),
    Row(
        "competitor",
        900,
        "another different better rival reliable some switched instead next now elsewhere cheaper"
        " lower port porting here",
        rf"\b(?:switch(?:ed|ing)?|mov(?:e|ed|ing)|chang(?:e|ed|ing)|go|going|gone|went|defect\w*"
        rf"|try|trying|use|using|find|choose) (?:back )?(?:over )?(?:(?:to|with|on|at|from|for)"
        rf" )?(?:an?other|a (?:different|better|rival|more reliable)|some other) (?:\w+"
        rf" )?(?:{_RIVAL}|banks?|stores?|shops?|services?|sites?|platforms?|apps?) (?:instead|now"
        rf"|next time|from now on|if|unless|because|since|that|who|than)\b|(?<=\w )@ (?:flight"
        rf" )?(?:instead|next time|from now on|here i come)\b"
        rf"|\b(?<!was )(?<!were )(?<!been )(?<!got )switched to (?!(?:fly|use|using|be|you|the|my"
        rf"|an?|this|that|it|one|your|another|business|first|coach|paper\w*|monthly|annual|yearly"
        rf"|manual|standby|economy|seats?|flights?)\b)|\b(?:prices?|deals?|offers?|quotes?|rates?)"
        rf" (?:\w+ ){{0,4}}elsewhere\b|\b(?:fly|flying|moving|shop|shopping|bank|banking|buy|buying"
        rf"|order|ordering|stick|sticking|stay|staying|go|going) (?:(?:with|at|to|from|on)"
        rf" )?(?!(?:you|u|your|it|this|that|the|one|here|them|out|home|online|by|by"
        rf" mail)\b)[^ .?]+(?: (?!one)[^ .?]+)? from now on\b|\bnext time (?:ill|i will|im|we will"
        rf"|well|i am) (?:be |just |definitely )*(?:fly|flying|go|going|buy|buying|shop|shopping"
        rf"|stick|sticking) (?:with|to|from|at) (?!(?:you|the|a|an|my|this|it|time)\b)[^ .?]+"
        rf"|\b(?:cheaper|better (?:deal|offer|price|rate|quote)|lower (?:price|rate|quote|fare)s?)"
        rf" (?:\w+ )?(?:elsewhere|(?:from|with) an?other|(?:at|from|with|on) @)(?= |$|[.?])"
        rf"|\bport(?:ing)? (?:my|our) (?:\w+ )?(?:numbers?|lines?) (?:out|away|to|elsewhere)\b"
        rf"|\bport(?:ing)? out\b",
        "It is cheaper elsewhere, I will shop at Smith's from now on.",
        "I will call earlier from now on. I moved to another city. Next time I will book a seat.",
        "none",
    ),
    Row(
        "legal_threat",
        2_500,
        "ombudsm* trading consumer better bbb ftc fcc cfpb ofcom ofgem regulator* attorney* faa"
        " dot police authorit* commission* ministry report* lawyer* solicitor* legal lawsuit sue"
        " suing court small class breach rights consumer charge chargeback* disput*",
        # Who goes to court is the writer: what is told of others and their lawyers is no threat.
        rf"\b(?:complain\w*|complaints?|report(?:ed|ing)?|fil(?:e|ed|ing)|lodg(?:e|ed|ing))"
        rf"(?: [^ .?]+){{0,3}} (?:to|with|at)(?: [^ .?]+){{0,3}}? (?:{_WATCHDOG}|faa|dot|police"
        r"|authorit(?:y|ies)|commission\w*|ministry)\b"
        rf"|\b(?:contact(?:ed|ing)?|call(?:ed|ing)?|writ(?:e|ing)|wrote|took|take|taking"
        rf"|tell(?:ing)?|told|escalat\w+|rais\w+|involv\w+|notify|go|going|went|hear from"
        rf"|report\w*)(?: (?:this|it|you|up|to|the|my|our|your|a|from|with|straight|directly|local"
        rf"|state|national|financial|energy|about))* {_WATCHDOG}"
        r"\b|\bgo(?:ing)? to the police\b|\breport(?:ing)? (?:you|your company) to\b|\b(?:my|our)"
        r" (?:\w+ )?(?:lawyers?|attorneys?|solicitors?|legal team)\b(?! (?:needs?|wants?|asked"
        r"|uses?|colleagues?|office|firm)\b)|\b(?:get|getting|hire|hiring|call|calling|contact\w*"
        r"|consult\w*|seeing|seek\w*|talk\w* to|speak\w* (?:to|with)|spoken? (?:to|with)|hear from"
        r"|involv\w*) (?:an?|the|some|your) (?:lawyer|attorney|solicitor|legal advice)s?\b"
        r"|\bseek\w* legal advice\b|(?:\b(?:i|ill|id|im|we|well)|(?:^|[.?] )(?:going|about|ready"
        r"|gonna)) (?:(?:am|are|will|going|to|gonna|can|could|should|would|have|might|may|be|just"
        r"|definitely|now|really|want|ready|about|prepared|plan|intend|considering|thinking|of|even"
        r"|also) ){0,4}(?:sue|suing)\b|\b(?:see|seeing|meet) you in court\b|\btak(?:e|ing) you to"
        r" (?:small claims )?court\b|\b(?:i|ill|we|well|im) (?:\w+ ){0,3}tak(?:e|ing) (?:this|it"
        r"|them) to (?:small claims )?court\b|\b(?:i|ill|we|well|im) (?:\w+ ){0,3}go(?:ing)? to"
        r" court\b|\bbreach of contract\b|\b(?:my|our) (?:statutory|legal|consumer) rights\b"
        r"|\bconsumer (?:protection |rights )?(?:law|act)s?\b|\blegal (?:action|steps"
        r"|proceedings)\b|\bsmall claims\b|\bclass action\b|\b(?:an?|my|our|fil\w+|fac\w+) (?:\w+"
        r" ){0,3}lawsuit\b|\bcharge ?backs?\b|\bdisput(?:e|ing) (?:this|the|your|these) (?:\w+"
        r" )?(?:charge|payment|transaction)s? (?:with|through) my\b",
        "You will hear from my lawyer. I filed a complaint with the regulator.",
        "His lawyers told him to sue. A man here says he is going to sue you. The FCC must act.",
    ),
    Row(
        # A threat has somebody who makes it: others are told things every day.
        "public_threat",
        1_700,
        "tell telling told warn* let letting spread sure followers",
        rf"\b{_SHALL} (?:(?:[^ .?]+ ){{0,2}}?|(?:[^ .?]+ ){{2,9}}?and )(?:(?:tell|telling|warn"
        rf"|warning) {_OTHERS}\b|(?:let|letting) {_OTHERS} know\b)|\b(?:i|ive|have|already) (?:been"
        rf" )?(?:told|warned|telling|warning) {_OTHERS}(?: [^ .?]+){{0,4}} (?:not|never|avoid|stay"
        rf" away|dont|how (?:bad|terrible|awful|poor|horrible|you|your))\b|\b(?:i|ill|will|to"
        rf"|gonna) (?:\w+ )?spread the word\b|\bmake sure (?:that )?{_OTHERS} (?:knows?|hears?"
        rf"|sees?|finds? out)\b|\b(?:until|till|when) (?:all )?my (?:\w+ )?followers\b",
        "I will tell all my friends.",
        "Your colleague is telling people to wait, I must tell my family.",
    ),
    Row(
        "public_threat",
        1_700,
        "post posting posted put putting share sharing shared tweeting public viral press media"
        " papers news newspaper* journalist* reporter* read social twitter facebook instagram"
        " reddit youtube trustpilot yelp tiktok linkedin review reviews star stars one-star 1-star",
        rf"\b{_SHALL} (?:\w+ )?post about (?:this|it|you)\b|\bmak(?:e|ing) (?:this|it) go viral\b"
        rf"|\bread about (?:this|it) (?:on|in) (?:the |your )?(?:news|papers|press|{_PLATFORM})\b"
        rf"|\b(?:is|be|goes) going (?:on|up on|to) (?:social media|{_PLATFORM})\b"
        r"|\b(?:post|posting|posted|put|putting|share|sharing|shared|tweeting) (?:(?:it|that) (?:on"
        r" blast|all over)|this|a video|screenshots?|my (?:story|experience)|about (?:this|you|it)"
        r"|our (?:chat|conversation))(?: [^ .?]+){0,3} (?:twitter|facebook|instagram|reddit|youtube"
        r"|trustpilot|yelp|tiktok|linkedin|google|everywhere|online|social (?:media|networks?)"
        r"|public\w*|followers)\b|\bgo(?:ing)? (?:public (?:with|about|if|unless)|viral with|to the"
        r" (?:press|media|papers|newspapers|news))\b|\b(?:im|am|will|ill) (?:be )?go(?:ing)?"
        r" public\b|\b(?:contact\w*|call\w*|email\w*|alert\w*|writ\w+ to|wrote to|talk\w* to"
        r"|speak\w* (?:to|with)|tip\w* off) (?:the |my |our |a |local )*(?:\w+ )?(?:news"
        r"|newspapers?|press|media|reporters?|journalists?)(?= |$|[.?])|\b(?:leav|writ|post|giv|gav"
        r"|submit|expect)\w* (?:[^ .?]+ ){0,4}(?:(?:bad|negative|terrible|scathing|horrible|honest)"
        r" reviews?|(?:one|1|zero)[ -]stars?)\b(?! (?:hotel|motel|restaurant|place|room|guest))"
        r"|\b(?:one|1|zero)[ -]stars? reviews?\b",
        "I am going to the press, and will leave a one star review.",
        "Is that press or radio? A one star hotel. Read the news.",
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
        r"|problem|that|this|everything|i|we) (?:(?!(?:not|nt|never|be|havent|hasnt|wasnt|isnt"
        r"|arent|cant|didnt|wont|still|says|easily|will|partly|half)\b)\w+ )?(?:solved|resolved"
        r"|fixed|sorted)\b(?!(?: \w+){0,2} (?:yet|but|not|twice)\b)(?=[. ]|$)|\bworks? (?:now|again"
        r"|like a charm)\b(?! (?:find|book|can|could|please|what|i|let|show|get)\b)|\b(?:is|its|are"
        r"|everything|all|back to) working (?:now|again|fine|perfectly|great)\b|\ball (?:good now"
        r"|set|sorted)\b|\bproblem (?:is )?gone\b|\bfinally (?:arrived|got (?:my (?:refund|money"
        r"|bags?|order|package|parcel|luggage|seat|flight)|the|it)|received|came|works)\b|\bgot my"
        r" (?:refund|money|bag|order|package|luggage) (?:back|today|now)\b",
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

_WORK: Final = (
    r"(?:movies?|films?|sequels?|comed(?:y|ies)|trailers?|novels?|songs?|albums?|plots?|storyline"
    r"|actors?|actress(?:es)?|acting|villains?|remakes?|cgi|characters?|scenes?|series|books?|story"
    r"|ending)"
)
_JUDGED: Final = (
    r"(?:stupid|dumb|terrible|horrible|awful|bad|worst|ridiculous|disgusting|pathetic|annoying"
    r"|disappointing|shitty|crap(?:py)?|absurd|embarrassing|bloody|lame|boring)"
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
    Row(
        # Who watches it again likes it.
        MUTE,
        0,
        "times over again",
        r"\b(?:see|saw|seen|watch|watched|watching|rewatch\w*) (?:\w+ ){0,3}(?:times|over and over"
        r"|again and again)\b",
        "I watched it five times.",
        "I called five times, and you saw it.",
        "none",
    ),
    Row(
        # What is held for them, and what the rules would be.
        MUTE,
        0,
        "hold refund money",
        r"\b(?:plac(?:e|ed|ing)|put|putting|keep|kept) (?:an?|the|this|that|it|my|our|your)"
        r"(?! (?:phone|call)\b)(?: \w+){0,2} on hold\b"
        r"|\b(?:can|could|may|would|will|do) i (?:still |also )?get (?:an?|my) (?:full |partial )?"
        r"(?:refund|money back)(?: later)? (?:if|in case|on (?:this|the|that|these))\b",
        "Could I get my money back if I cancel?",
        "You put me on hold. Can I get a refund?",
        "none",
    ),
    Row(
        # What somebody thinks of a film or a book says nothing of how we treated them.
        MUTE,
        0,
        "movie* film* sequel* comedy comedies trailer* novel* song* album* plot storyline actor*"
        " actress* acting villain* remake* cgi character* scene* series book books story ending",
        rf"\b{_JUDGED}(?: (?:\w+ )?{_WORK})\b|\b{_WORK} (?:(?:is|are|was|were|looks?|looked|seems?"
        rf"|seemed|just|so|really|pretty|kind of|such|an?|very|too|also|all|the|one of"
        rf"|that|which) )+{_JUDGED}\b"
        rf"|\b(?:disappointed|annoyed) (?:in|with|by|at) (?:\w+ ){{0,3}}{_WORK}\b",
        "The worst movie of all.",
        "A terrible app, the movie stops.",
        "none",
    ),
)

ROWS: Final = (
    *_MUTE,
    *_WAITING,
    *_REPETITION,
    *_EFFORT,
    *_WISH,
    *_CONDUCT,
    *_FEELING,
    *_INTENT,
    *_RELIEF,
)
"""Every English cue."""
