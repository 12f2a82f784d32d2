"""English and Japanese sentence patterns, one a line; the syntax is that of patterns_ko.py."""

EN_ENDINGS = {
    "please": "please|please|thanks|thank you|if you can|if possible",
    "want": "I'd like|I would like|I want|I'll have|I'll take|can I get|can I have|could I have|may I have|give me|let me get|I need|we'd like|I'm looking for|I'd love",
    "order": "I'd like to order|I want to order|can I order|could I order|I would like to buy|I want to buy|I'm calling to order|I'd like to reserve|can I reserve|let me order|we want to order|I need to order",
    "change": "change it to|switch it to|make it|can you change it to|could you change that to|please change it to|I'd like to change it to|let's make it|can we switch to|swap it for",
}

EN = {
    "hello": "Hello\nHi\nGood morning\nHey\nGood afternoon\nExcuse me\nHi there\nYes\nUm\nOk",
    "menu": """<want> {qty} {menu}
<want> {qty} {menu} <please>
<order> {qty} {menu}
<order> {qty} {menu} <please>
<order> the {menu}
{qty} {menu} <please>
the {menu} <please>
{menu} <please>
{menu}
[I'll go with|I'll take|let's do|I choose|I decided on] the {menu}
[it's for a birthday|it's for my mom|for a party], <want> {qty} {menu}
<want> {qty} {menu} [with|and add] {option}
<want> {qty} {menu} for {pickup}
<order> {qty} {menu} in {style} style
<want> {qty} {menu} that says {lettering}
[can you make|could you make|please make] {qty} {menu}""",
    "no_menu": """<order> a cake
<order> a birthday cake
<want> a cake
[I want to|I'd like to|can I] [place an order|make an order|order something]
[I need|we need] a cake for {pickup}
I'm calling [about a cake order|to order a cake]
a cake <please>""",
    "accept": """[that one|that|that sounds good, that one] <please>
[yes|ok|great|sure], [I'll take that one|that one please|let's do that|I'll have it]
[I'll take it|I'll go with that|I'll have that one|sounds good, I'll take it]
[perfect|nice|good|lovely], [that one|I'll have that|I want that one|let me have it]
[I like that|that's good|good choice], [I'll order it|one of those please|give me that]
[that works|I'd love that|why not|good idea], [that one|one of those] please
[I'll try that|I'd like to try it|let me try that one|I trust you, that one]""",
    "style": """{style} <please>
[in|the] {style} style <please>
[I'd like|I want|make it|I prefer|let's go with|I'll take] {style}
[I'd like|I want|make it|let's go with|I'll take] the {style} style
{style}
{style} [is fine|sounds good|looks nice]""",
    "option": """[please add|add|can you add|could you add|I'd like|put|can I get] {option}
[please add|add|can you add|put] {option} on top
with {option} <please>
[and|also] {option} <please>
[top it|decorate it] with {option}
can I have {option} on it""",
    "size": """[the|a] {size} one <please>
{size} size <please>
[make it|I'd like it|I want it] {size}
{size} <please>""",
    "quantity": """{qty} <please>
[I need|I want|I'd like|make it|just|only] {qty}
{qty} [of them|in total|is enough]
{qty}""",
    "lettering": """[please write|write|can you write|could you put|it should say|put] {lettering}
[please write|write|can you write] {lettering} on [it|the cake|top]
[the message is|the text is|the lettering should be] {lettering}
with {lettering} [written on it|on top]""",
    "pickup": """[I'll pick it up|I'll come|I will be there|I can come|I'd like to pick it up] {pickup}
{pickup} [please|is fine|works|would be good]
[for|pickup is|pick up] {pickup}
{pickup}
[I need it|can it be ready] by {pickup} then""",
    "notes": """[please make it|make it|could you make it] {note}
{note} <please>""",
    "confirm": """[yes|yeah|yep|sure|ok|right|correct|exactly|perfect|great]
[yes|yeah|ok], [that's right|that's it|go ahead|please do|confirm it|that is correct|place the order]
[that's right|that's correct|all correct|looks right|everything is right], [thanks|go ahead|order it]
[please confirm|confirm the order|place the order|go ahead and order]""",
    "nothing": """[no|nope], [that's all|that's it|nothing else|I'm fine|thanks]
[that's all|nothing else|that's everything]""",
    "change_menu": """<change> {menu}
<change> the {menu} <please>
[actually|sorry|wait|no], <change> {menu}
[actually|sorry|wait|no], [I want|I'd like|I'll take] the {menu}
[not|instead of] {old}, [I'd like|I'll take|give me] the {menu}
[I changed my mind|on second thought], {menu} <please>
[forget the|no more|drop the|skip the] {old}, {menu} <please>
{menu} [rather than|instead of|and not] {old} <please>
[I said|I ordered] {old} but [I want|I'd like|make it|I meant] {menu}""",
    "change_style": """<change> {style}
<change> {style} style <please>
[actually|sorry|wait|no], {style} style [instead|please]
[not|instead of] {oldstyle}, {style} please""",
    "change_quantity": """<change> {qty}
[actually|sorry|wait|no], [make it|I need|I want] {qty}
not {oldqty}, {qty} please""",
    "change_pickup": """<change> {pickup}
[actually|sorry], I'll come {pickup} [instead|]
[can I pick it up|can we move it to] {pickup} instead""",
    "change_lettering": """[change the text to|change the lettering to|make it say] {lettering}
[actually|sorry], write {lettering} instead""",
    "remove_option": """[no|without|remove the|take off the|please remove the|skip the|leave out the] {held}
[I don't want|I don't need] the {held}""",
    "again_menu": "[can I|let me|I want to] [choose another cake|pick a different cake|change the cake|see other cakes]\n[let's start over|start again|go back to the menu]",
    "remove_style": "[can I|let me|I want to] [choose another style|change the style|pick a different style]",
    "cancel": """[please cancel|cancel|I want to cancel|I'd like to cancel|can you cancel|could you cancel|I have to cancel|I need to cancel] [my order|the order|everything|it|that|the cake|the whole order]
[never mind|forget it|forget about it], [I don't want it|cancel it|I'm not ordering]
[I don't want|I don't need|we don't need] [it|the cake|a cake] [any more|anymore|now]
[I changed my mind|something came up|sorry], [cancel it|cancel the order|I won't order|please cancel]
[I'll buy it somewhere else|I'll order next time|maybe next time|no order today]
[stop|drop|scrap|undo|delete|take back] [the order|my order|everything|that order]
[forget|skip] [the order|the cake|everything], [we're fine|no cake today|thanks anyway]
[no thanks|leave it|scratch that], [I don't need a cake|I won't buy anything|no order then|cancel please]
[no cake for me|I won't take it|I'm not buying it|I don't want to order] [after all|today|now]
[we changed our plans|the party is off|I can't come], [no order please|cancel that|so cancel]""",
    "price": """[how much is|what's the price of|how much for|what does it cost for|tell me the price of|how expensive is] the {menu}
[how much does|what does] the {menu} cost""",
    "price_any": "[how much is it|how much is that|what's the total|how much do I pay|how much in total|what does it cost|how much are the cakes|what are your prices]",
    "menus": """[what|which] [cakes|kinds of cake|flavors] [do you have|are there|can I order|do you sell]
[what's on the menu|can I see the menu|show me the menu|tell me the menu|what do you sell|what do you have]""",
    "styles": "[what|which] styles [do you have|are there|can I choose]",
    "options": "[what|which] [options|toppings|extras] [do you have|are there|can I add]\nwhat can I [add|put on it|put on top]",
    "events": "[do you have|are there|is there] [any|a] [discount|sale|special offer|promotion|event] [now|today|]",
    "facts": """[what time|when] do you [open|close|start|finish]
[are you open|do you open|is the shop open] [on Sunday|today|tomorrow|on Saturday|on holidays|now|late]
[where are you|where is the shop|what's your address|how do I get there|what's your phone number]
[do you deliver|can you deliver|is there delivery|how much is delivery|do you ship]
[can I pay|do you accept|do you take] [by card|cash|credit cards|Apple Pay|cards]
[is there|do you have] [parking|seating|wifi|a restroom|gluten free cake|vegan cake|sugar free cake]
[does it|does the {menu}|do they] [contain|have] [nuts|milk|eggs|gluten|alcohol|flour]
[how long does it keep|how long can I keep it|when does it expire|should I keep it in the fridge]
[how many people|how many] does [it|the {menu}] [serve|feed]
[how big is|how sweet is|what's in|what is|is there still] the {menu}
[when will it be ready|how long does it take|can I get it today|how early should I order|can I pick it up tonight]
[can I get a refund|do you give receipts|are candles free|is the box free|can I see a picture]""",
    "recommend": """[what|which cake] [do you recommend|would you recommend|should I get|is the best|is popular|is good|sells best|is your favorite]
[can you|could you|please] [recommend|suggest] [a cake|something|something good|one|a popular cake]
[any recommendations|any suggestions|what's popular|what's good here|what's your best seller|what's your most popular cake]
[what's good for|which cake is good for|recommend a cake for] [a birthday|my mom|kids|a party|an anniversary|a wedding]
[I don't know what to choose|I can't decide|help me choose|it's my first time], [what's good|please recommend|what do you suggest]
{menu} or {menu2}, which is [better|more popular|best]""",
    "talk": """[hello|hi|hey there|good evening|how are you|how's it going|nice to meet you]
[thank you|thanks a lot|bye|goodbye|see you|have a nice day|talk to you later]
[can you hear me|hello can you hear me|I can't hear you|what did you say|say that again|pardon|speak up please]
[wait a moment|hold on|just a second|let me think|I'm still thinking|I'm not sure yet|hmm]
[who are you|are you a robot|are you human|what's your name|where are you from]
[it's cold today|it's raining|nice weather|what's the weather|what time is it now]
[sing a song|tell me a joke|play some music|call a taxi|turn on the light|what's the news]
[I'm hungry|I'm bored|I'm tired|I love you|you are funny|that's interesting]
[do you have pizza|one coffee please|a burger please|I'd like a haircut|book a hotel|two beers please]
[wrong number|sorry wrong number|is this the hospital|is this the bank]
[oh|hmm|well|wow|really|I see|oops|let's see|er|right then]
[my phone|the traffic|the bus|my dog|the movie|the music] is [so loud|broken|late|terrible|great|funny]
[I'm|we are] [sleepy|busy|happy|sad|lost|on the bus|at work|driving]
[are you|do you] [there|real|a machine|busy|a person|speak Korean|like music]
[what day is it|what's the date|how's your day|how old are you|do you know me]
[do you sell|can I get|I want] [shoes|tickets|pizza|noodles|a phone|a coat|medicine]
[give me a minute|one second please|I'll think about it|I have to think|I haven't decided]
[that's nice|how funny|not bad|good to know|okay I see|that's too bad]
[I'm|I feel|we are] [starving|so sleepy|exhausted|sick|excited|nervous|cold|fine]
[you|you guys] are [so kind|helpful|smart|silly|very patient|a good listener]
[that|it|this] [sounds fun|is cool|is sad|makes sense|is weird|was fun]
[amazing|great to hear|glad to hear that|I understand|I get it|no way|awesome|makes sense|never mind me]
[who|what] [is this|am I talking to|are you called]
[I like|I love|I hate|my son likes] [your voice|this weather|football|cats|the rain|movies]
[tell me|talk] about [yourself|the weather|your hobby|your favorite movie|your day|football]
[let me|I need to] [think|ask my wife|call you back|find my wallet|hang up now]""",
}

JA_ENDINGS = {
    "ください": "ください|お願いします|お願いできますか|頼みます|いただけますか|もらえますか|ほしいです|ほしいんですが|いただきたいです",
    "て": "ください|もらえますか|いただけますか|ほしいです|くれますか",
    "したい": "注文したいです|注文したいんですが|注文します|予約したいです|予約します|買いたいです|買います|頼みたいです|注文お願いします",
}

JA = {
    "hello": "こんにちは\nすみません\nもしもし\nあの\nはい\nえっと\nおはようございます\nじゃあ",
    "menu": """{menu}を{qty}<ください>
{menu}<ください>
{menu}を<ください>
{menu}を{qty}<したい>
{menu}を<したい>
{menu}{qty}<ください>
[じゃあ|では|今日は|私は]{menu}[にします|でお願いします|をください|がいいです]
{menu}[にします|でお願いします|がいいです|に決めました]
{qty}<ください>、{menu}で
誕生日なので{menu}を{qty}<ください>
{menu}を{qty}、{pickup}に<ください>
{style}の{menu}を{qty}<ください>
{menu}に{option}をのせて<て>
{menu}""",
    "no_menu": "ケーキを<したい>\nケーキを{qty}<したい>\n[誕生日|結婚記念日|パーティー]のケーキを<したい>\n注文[したいです|お願いします|したいんですが|いいですか]\n{pickup}に取りに行くケーキを<したい>\nケーキ<ください>",
    "accept": "[それ|それで|そちら|おすすめのもの][でお願いします|にします|をください|がいいです]\n[はい|いいですね|じゃあ]、それ[でお願いします|にします|をください]",
    "style": "{style}[でお願いします|にします|がいいです|で|にしてください|をお願いします]\n{style}スタイル[でお願いします|にします|がいいです|で]\nスタイルは{style}[で|でお願いします|がいいです]\n{style}",
    "option": "{option}を[のせて|つけて|入れて|追加して]<て>\n{option}も[のせて|つけて|入れて|追加して]<て>\n{option}[追加で|も]お願いします\n上に{option}をのせて<て>",
    "size": "{size}サイズ[でお願いします|にします|がいいです]\n大きさは{size}[で|でお願いします]",
    "quantity": "{qty}<ください>\n{qty}です\n{qty}で\n[全部で|合わせて]{qty}<ください>\n{qty}必要です",
    "lettering": "{lettering}と[書いて|入れて]<て>\n[文字|メッセージ]は{lettering}[で|でお願いします|にしてください]\nケーキに{lettering}と書いて<て>",
    "pickup": "{pickup}に[取りに行きます|行きます|受け取ります|伺います]\n{pickup}[でお願いします|です|がいいです]\n受け取りは{pickup}[です|でお願いします]\n{pickup}までに<ください>\n{pickup}",
    "notes": "{note}[お願いします|してください|できますか、お願いします]",
    "confirm": "はい\n[それで|そのままで][完璧です|間違いありません|注文します|確定でお願いします]\n[問題ありません|その通りです|正しいです|オーケーです|ばっちりです]\n[はい|ええ]、[そうです|大丈夫です|合っています|お願いします|それでいいです|間違いないです]\n[それで|そのまま]お願いします\n[合っています|大丈夫です|完璧です|注文してください|確定してください]",
    "nothing": "[いいえ|いえ]、[ないです|大丈夫です|結構です|以上です]\n[以上です|それだけです|特にないです]",
    "change_menu": "[やっぱり|すみません|いや]{menu}[にします|に変えてください|がいいです|でお願いします]\n{menu}に[変えて|変更して]<て>\n{old}[ではなく|じゃなくて|をやめて]{menu}[にします|でお願いします|をください]",
    "change_style": "[やっぱり|すみません]{style}[にします|に変えてください|がいいです]\nスタイルを{style}に[変えて|変更して]<て>\n{oldstyle}ではなく{style}で",
    "change_quantity": "[やっぱり|すみません]{qty}[にします|に変えてください|でお願いします]\n{qty}に[変えて|変更して]<て>\n{oldqty}ではなく{qty}[です|お願いします]",
    "change_pickup": "{pickup}に[変えて|変更して]<て>\n[やっぱり|すみません]{pickup}に[行きます|変更してください]",
    "remove_option": "{held}は[いりません|なしで|やめてください|抜いてください|取ってください]\n{held}を[抜いて|外して]<て>",
    "again_menu": "[ケーキ|メニュー]を[もう一度選びます|選び直したいです|変えます]\n[別のケーキにしたいです|ケーキを選び直します|最初からやり直したいです|メニューを変えたいです|他のケーキにします]",
    "cancel": "[注文を|全部|予約を|やっぱり|すみません、]キャンセル[します|してください|したいです|お願いします]\n[注文を|予約を|全部][取り消して|やめて]<て>\n[やっぱり|すみません][やめます|いりません|買いません]\n[必要なくなりました|また今度にします|他の店で買います]\n[注文は|予約は|ケーキは][なしにしてください|取り消します|結構です、やめます]\n[用事ができたので|パーティーがなくなったので][キャンセルします|いりません|やめます]",
    "price": "{menu}は[いくらですか|おいくらですか|何円ですか|高いですか]\n{menu}の[値段|価格]を教えて<て>\n{menu}の値段は",
    "price_any": "[全部で|合計で|これは|それは|][いくらですか|おいくらですか]\n値段を教えて<て>",
    "menus": "[どんな|何の]ケーキが[ありますか|あるんですか|売っていますか]\nメニューを[教えて|見せて]<て>\n何が[ありますか|買えますか]\nケーキの種類は何がありますか",
    "styles": "[どんな|何の]スタイルが[ありますか|選べますか]\nスタイルを教えて<て>",
    "options": "[どんな|何の][オプション|トッピング]が[ありますか|できますか]\n何を[のせられますか|追加できますか]",
    "events": "[今|今日は|][割引|セール|イベント|キャンペーン]は[ありますか|していますか|やっていますか]",
    "facts": """[何時|いつ]まで[ですか|やっていますか|開いていますか|営業していますか]
[何時|いつ]に[開きますか|閉まりますか|できますか|受け取れますか]
[日曜日|土曜日|今日|明日|祝日]は[休みですか|開いていますか|営業していますか]
[お店|場所|住所|駅から]は[どこですか|どちらですか|近いですか]
[配達|宅配|返品|予約の変更|当日の受け取り]は[できますか|可能ですか|していますか]
[カード|現金|電子マネー|クーポン]は[使えますか|大丈夫ですか]
[駐車場|席|電話番号|グルテンフリーのケーキ]は[ありますか|何ですか]
[ナッツ|卵|牛乳|小麦粉|お酒]は[入っていますか|使っていますか]
{menu}は[何人分ですか|甘いですか|まだありますか|どんな味ですか|大きいですか|何が入っていますか]
[賞味期限|日持ち]は[どのくらいですか|いつまでですか|何日ですか]
[ろうそく|箱|文字]は[無料ですか|もらえますか|つきますか]
[月曜日|週末|お正月|今夜]も[開いていますか|営業していますか|やっていますか|お休みですか]""",
    "recommend": "[おすすめ|一番のおすすめ|人気のケーキ]は[何ですか|ありますか|どれですか]\n[おすすめ|おすすめのケーキ]を教えて<て>\n[何が|どれが|どのケーキが][人気ですか|いいですか|おいしいですか|一番ですか|売れていますか]\n[母|子供|友達|誕生日|パーティー]には[何が|どれが]いいですか\n[迷っています|初めてなんですが]、[おすすめは何ですか|どれがいいですか|選んでください]\n{menu}と{menu2}、どちらが[いいですか|おいしいですか|人気ですか]",
    "talk": """[こんにちは|こんばんは|はじめまして|お元気ですか]
[ありがとう|ありがとうございます|さようなら|失礼します|また来ます|お疲れ様です]
[もしもし|聞こえますか|聞こえません|もう一度言ってください|何ですか|えっ]
[ちょっと待ってください|少し考えます|まだ決めていません|うーん]
[あなたは誰ですか|ロボットですか|お名前は|人間ですか]
[いい天気ですね|寒いですね|雨が降っています|今何時ですか]
[歌って|音楽をかけて|冗談を言って|タクシーを呼んでください|ピザはありますか|ラーメンください]
[お腹がすきました|眠いです|暇です|間違えました|間違い電話です]
[えーと|ああ|へえ|なるほど|そうですか|おや|まあ|本当ですか]
[犬|猫|電車|バス|映画|音楽|天気予報]が[好きです|遅れています|うるさいです|見たいです|面白いです]
[機械|本物の人|店長|外国の方]ですか
[今日は何日|何曜日|何歳|どなた]ですか
[靴|薬|切符|うどん|カレー]を[ください|買いたいです|探しています]
[考え中です|後で決めます|まだ分かりません|もう少し待って]
[まだ|もう少し]考え[ます|させてください]
[決められません|悩んでいます|後で電話します|また電話します]
あなたの[名前|年|趣味|仕事]は何ですか
[誰|人間|機械]と話していますか
[頭|お腹|足]が痛いです
[面白い|すごい|楽しい|かわいい]ですね""",
}

SIZES = {"en": ["small", "medium", "large", "mini", "big", "6 inch", "8 inch"], "ja": ["小さい", "大きい", "ミニ", "中くらい", "4号", "5号", "6号"]}
NOTES = {"en": ["not too sweet", "without nuts", "with less sugar", "less cream", "soft"], "ja": ["甘さ控えめで", "ナッツなしで", "クリーム少なめで", "きれいに包装して"]}
