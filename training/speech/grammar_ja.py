"""Japanese sentences of a cake shop: slots and patterns (see grammar_ko.py for the notation).

espeak-ng reads kana only, so every word with kanji has its reading; blanks mark words and are
dropped from the transcript.
"""
import spoken_numbers as number

FLAVOURS = "チョコレート いちご チーズ にんじん さつまいも 抹茶|まっちゃ ブルーベリー マンゴー バニラ モカ コーヒー レモン オレンジ バナナ 桃|もも キャラメル ココナッツ りんご 栗|くり 紅茶|こうちゃ".split()
TOPPINGS = "いちご ブルーベリー チョコレート 生クリーム|なまくりーむ さくらんぼ フルーツ クッキー ナッツ お花|おはな ろうそく マカロン".split()
COLOURS = "赤|あか ピンク 青|あお 黄色|きいろ 紫|むらさき 白|しろ 緑|みどり 黒|くろ".split()
OCCASIONS = "誕生日|たんじょうび 結婚式|けっこんしき 記念日|きねんび 卒業|そつぎょう クリスマス パーティー".split()
PEOPLE = "母|はは 父|ちち 妹|いもうと 弟|おとうと 妻|つま 夫|おっと 娘|むすめ 息子|むすこ 友達|ともだち 先生|せんせい".split()
NAMES = "田中|たなか 佐藤|さとう 鈴木|すずき 高橋|たかはし 山田|やまだ 中村|なかむら 小林|こばやし 加藤|かとう 花子|はなこ 太郎|たろう さくら ゆい はると".split()
QUANTITY = "ひとつ ひとつ ふたつ みっつ よっつ いつつ".split()
DAYS = "今日|きょう 明日|あした 明後日|あさって 月曜日|げつようび 火曜日|かようび 水曜日|すいようび 木曜日|もくようび 金曜日|きんようび 土曜日|どようび 日曜日|にちようび 週末|しゅうまつ 来週|らいしゅう".split()

SLOTS = {
    "menu": lambda rng: rng.choice(FLAVOURS) + " " + rng.choice(["ケーキ"] * 6 + ["ロールケーキ", "ムース", "タルト"]),
    "topping": TOPPINGS, "colour": COLOURS, "occasion": OCCASIONS, "who": PEOPLE, "name": NAMES, "qty": QUANTITY,
    "day": lambda rng: rng.choice(DAYS) if rng.random() < 0.7 else number.ja_date(rng), "hour": number.ja_hour, "date": number.ja_date,
    "please": ["お願い|おねがい します。", "ください。", "お願い|おねがい します。", "注文|ちゅうもん します。", "予約|よやく したい です。", "ありますか?"],
}
TRAIN = {
    "order": """{menu} を {qty} {please};{menu} を {please};{menu} を {qty} ください。;{who} の {occasion} に {menu} を {please};{menu} と {menu} を {please};{menu} に します。
{occasion} の ケーキ を {please};{menu} を {qty} 予約|よやく したい です。;{day} までに {menu} を {please};小さい|ちいさい {menu} を {please};大きい|おおきい {menu} を {qty} {please}""",
    "custom": """{topping} を のせて ください。;{topping} を 多め|おおめ に して ください。;{topping} は いりません。;{colour} の クリーム に して ください。;お誕生日|おたんじょうび おめでとう {name} と 書いて|かいて ください。
甘さ|あまさ を 控えめ|ひかえめ に して ください。;ろうそく を {qty} つけて ください。;{name} と 書いて|かいて ください。""",
    "talk": """こんにちは。;すみません。;ありがとう ございます。;はい、 そう です。;いいえ、 大丈夫|だいじょうぶ です。;名前|なまえ は {name} です。;{day} の {hour} に 取り|とり に 行きます|いきます+。;{menu} は いくら ですか?
おすすめ は 何|なん ですか?;一番|いちばん 人気|にんき の ケーキ は 何|なん ですか?;キャンセル して ください。;やっぱり {menu} に します。;{menu} に 変えて|かえて ください。;配達|はいたつ は できますか?;甘い|あまい ですか?
{hour} に 行きます|いきます+。;今日|きょう は いい 天気|てんき です ね。;それ で お願い|おねがい します。;カード で 払えます|はらえます か?""",
}
WEIGHTS = {"order": 45, "custom": 25, "talk": 30}
# Patterns that training draws besides (see grammar.MORE).
MORE = {
    "order": """{who} と {who} の {menu} を {qty} ください。;{who} に {menu} を あげます+。;{date} までに {menu} を {qty} {please};{menu} を {qty} と {menu} を {qty} {please};{who} は {menu} が 好き|すき です。""",
    "custom": """{colour} と {colour} に して ください。;{colour} が いい です。;{colour} の {topping} を つけて ください。;{topping} と {topping} を のせます+。""",
    "talk": """{date} に {name} が 行きます|いきます+。;{date} の {hour} は どう ですか?;{name} は {who} です。;{name} と {name} が 行きます|いきます+。;{day} と {day} は 大丈夫|だいじょうぶ ですか?;{who} に 電話|でんわ して ください。;{date}、 {date}、 {date} です。;{who} が {day} に 行きます|いきます+。""",
}
MORE_WEIGHTS = {"order": 40, "custom": 25, "talk": 35}
TEST = {
    "order": "{day} の {hour} に {menu} を {qty} お願い|おねがい します。;{who} に {menu} を {qty} 注文|ちゅうもん したい です。",
    "custom": "{menu} に {topping} を のせて ください。;{colour} の クリーム と {topping} で お願い|おねがい します。",
    "talk": "{name} です。 {day} に 取り|とり に 行きます|いきます+。;{menu} を キャンセル して {menu} に します。",
}
