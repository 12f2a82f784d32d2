"""Korean sentences of a cake shop: slots and patterns.

A word is "written|spoken", or one form for both. "+을" and its like after a word stand for the particle
that fits the word's last sound. `TEST` patterns never occur in training; their words do, elsewhere.
"""
import spoken_numbers as number

FLAVOURS = """초콜릿 딸기 치즈 당근 고구마 녹차 말차 레드벨벳 블루베리 망고 아이스크림 바닐라 모카 커피 레몬 오렌지 바나나 복숭아
체리 포도 샤인머스캣 얼그레이 홍차 흑임자 단호박 밤 호두 피스타치오 헤이즐넛 오레오 캐러멜 요거트 코코넛 파인애플 사과 무화과
자몽 인절미 쑥 라즈베리 키위 땅콩 아몬드 유자 화이트초코 다크초코 민트초코 솔티드캐러멜""".split()
KINDS = ["케이크"] * 12 + ["생크림 케이크"] * 4 + ["무스 케이크", "쉬폰 케이크", "롤케이크", "크레이프 케이크", "파운드 케이크",
         "컵케이크", "타르트", "마카롱", "도시락 케이크", "생크림"]
WHOLE = ["티라미수", "초콜릿 케이크", "초콜릿 케이크", "딸기 생크림 케이크", "딸기 생크림 케이크", "생크림 케이크", "치즈 케이크",
         "바스크 치즈 케이크", "뉴욕 치즈 케이크", "당근 케이크", "고구마 케이크", "레드벨벳 케이크", "아이스크림 케이크", "무지개 케이크",
         "떡 케이크", "브라우니", "몽블랑", "에그 타르트", "앙금 플라워 케이크", "포토 케이크", "과일 케이크", "생일 케이크", "웨딩 케이크",
         "카스텔라", "슈크림", "까눌레", "티라미수 케이크", "초코 케이크", "가나슈 케이크"]
SURNAMES = "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 전 홍 유 고 문 양 손 배 백 허 남 심 노 하 곽 성 차 주 우 구 민 류 나 진 지 엄 채 원 천 방 공 현".split()
FIRST = "민 서 지 하 도 예 수 은 윤 준 시 유 현 주 태 재 성 동 영 나 다 소 채 승 우 건 이 가 세 선 정 혜 연 미 경 상 진 호 규 찬 보 아 해 희 태 한 인 종 창 광 기 병".split()
SECOND = "수 준 우 윤 서 연 아 은 현 민 진 호 영 희 원 율 빈 훈 석 혁 린 나 인 주 경 정 미 선 숙 자 철 식 환 규 찬 후 람 솔 별 늘 결 온 비 라 하 지 혜 란 옥 순 태 섭 욱 용 상 택".split()
TOPPINGS = """딸기 블루베리 초콜릿 생크림 체리 망고 과일 마카롱 쿠키 견과류 호두 아몬드 꽃 생화 진주 리본 초코칩 캐러멜 젤리 오레오 라즈베리
포도 무화과 금가루 하트 별 나비 토끼 곰돌이 초 숫자초""".split()
COLOURS = "빨간색 분홍색 하늘색 노란색 보라색 흰색 초록색 파란색 검은색 주황색 연두색 민트색 아이보리색 금색 은색 갈색 회색".split()
STYLES = "심플한 귀여운 화려한 고급스러운 빈티지 모던한 클래식한 깔끔한 로맨틱한 미니멀한 독특한 재미있는 우아한 예쁜 사랑스러운".split()
SHAPES = "하트 동그란 네모 별 꽃 둥근 네모난 곰돌이 토끼 공룡 고양이 강아지 숫자 자동차".split()
OCCASIONS = "생일 결혼기념일 돌잔치 환갑 졸업 입학 승진 프러포즈 크리스마스 발렌타인데이 어버이날 스승의날 백일 파티 송별회 개업 약혼 칠순 기념일 집들이 합격".split()
PEOPLE = "엄마 아빠 어머니 아버지 할머니 할아버지 딸 아들 아내 남편 친구 여자친구 남자친구 동생 언니 오빠 누나 형 선생님 부모님 조카 팀장님 동료 손님 아이 아기 이모 삼촌 사장님".split()
QUANTITY = ["하나", "하나", "하나", "둘", "셋", "한 개", "두 개", "세 개", "네 개", "다섯 개", "여섯 개", "일곱 개", "여덟 개", "아홉 개", "열 개",
            "한 판", "두 판", "한 조각", "두 조각", "세 조각", "네 조각", "한 상자", "두 상자", "하나만", "두 개만"]
DAYS = ["오늘", "내일", "모레", "글피", "이번 주 {weekday}", "다음 주 {weekday}", "{weekday}", "주말", "이번 주말", "{date}", "{date}", "{date}", "{dom}"]
WEEKDAYS = "월요일 화요일 수요일 목요일 금요일 토요일 일요일".split()
GREETINGS = ["안녕하세요.", "안녕하세요.", "안녕하세요.", "저기요.", "여보세요.", "실례합니다.", "안녕하십니까.", "네, 안녕하세요.", "수고하십니다.", "반갑습니다.",
             "안녕.", "좋은 아침입니다.", "사장님, 안녕하세요."]
FAREWELLS = ["감사합니다.", "고맙습니다.", "네, 알겠습니다.", "부탁드립니다.", "잘 부탁드려요.", "그렇게 해 주세요.", "그게 다예요.", "네, 좋아요.", "안녕히 계세요.", "수고하세요.",
             "그럼 그때 뵐게요.", "네.", "아니요.", "맞아요.", "괜찮아요.", "좋습니다.", "확인했습니다.", "네, 그걸로 할게요.", "더 필요한 건 없어요.", "네, 맞습니다.", "아니요, 괜찮습니다."]
LETTERING = ["생일 축하해", "사랑해", "축하합니다", "생일 축하합니다", "고마워", "결혼 축하해", "졸업 축하해", "항상 고마워", "사랑해요 엄마", "건강하세요", "행복하세요",
             "합격 축하해", "우리 결혼하자", "늘 사랑해", "오래오래 행복하자", "새해 복 많이 받으세요", "메리 크리스마스", "해피 버스데이", "첫돌 축하해", "승진 축하드려요",
             "태어나 줘서 고마워", "꽃길만 걷자", "힘내", "수고했어", "보고 싶어", "최고야", "미안해", "영원히 함께하자"]
# Everyday words, so that the model listens instead of completing the shop's phrases.
WORDS = """사람 시간 오늘 내일 아침 점심 저녁 학교 회사 집 길 물 우유 커피 밥 빵 과자 음악 영화 책 노래 여행 바다 산 하늘 비 눈 바람 구름 나무 꽃 강아지
고양이 새 물고기 자동차 버스 기차 지하철 비행기 전화 컴퓨터 사진 편지 신문 가방 신발 옷 모자 안경 시계 의자 책상 창문 문 방 부엌 화장실 병원 약국 은행
시장 가게 식당 공원 도서관 극장 호텔 공항 역 정류장 주차장 엘리베이터 계단 지하 사과 배 수박 참외 귤 감 토마토 감자 양파 마늘 고추 배추 김치 라면 국수
만두 떡볶이 김밥 불고기 비빔밥 냉면 된장찌개 치킨 피자 햄버거 샐러드 우동 초밥 설탕 소금 간장 기름 식초 달걀 버터 밀가루 접시 컵 숟가락 젓가락 포크 칼 냄비
가족 아이 어른 남자 여자 이웃 의사 간호사 경찰 학생 기자 가수 배우 화가 작가 요리사 농부 군인 변호사 이름 나이 생일 주소 번호 이야기 질문 대답 생각 마음
사랑 행복 기쁨 슬픔 걱정 희망 꿈 약속 비밀 선물 소식 문제 방법 이유 결과 처음 마지막 중간 앞 뒤 옆 위 아래 안 밖 왼쪽 오른쪽 동쪽 서쪽 남쪽 북쪽 봄 여름 가을 겨울
크다 작다 많다 적다 높다 낮다 길다 짧다 빠르다 느리다 좋다 나쁘다 예쁘다 춥다 덥다 따뜻하다 시원하다 맛있다 맵다 짜다 달다 쓰다 바쁘다 쉽다 어렵다 무겁다 가볍다
가다 오다 보다 먹다 마시다 자다 일어나다 앉다 서다 걷다 뛰다 읽다 쓰다 듣다 말하다 배우다 가르치다 만나다 기다리다 찾다 주다 받다 사다 팔다 열다 닫다 웃다 울다
정말 아주 조금 너무 매우 빨리 천천히 자주 가끔 항상 벌써 아직 다시 함께 혼자 모두 거의 바로 먼저 나중에 그리고 그래서 하지만 그런데 또는 만약 왜 언제 어디 누구 무엇
서울 부산 대구 인천 광주 대전 울산 제주 강남 홍대 명동 종로 수원 전주 강릉 경주 여의도 잠실 신촌 이태원""".split()


def _name(rng):
    return rng.choice(FIRST) + rng.choice(SECOND)


def _full_name(rng):
    return rng.choice(SURNAMES) + _name(rng)


def _menu(rng):
    return rng.choice(WHOLE) if rng.random() < 0.45 else rng.choice(FLAVOURS) + " " + rng.choice(KINDS)


def _lettering(rng):
    text = rng.choice(LETTERING)
    return f"{_name(rng)}+아 {text}" if rng.random() < 0.4 else text


def _salad(rng):
    particles = ["", "", "", "+을", "+이", "+은", "에", "도", "에서", "+과", "하고", "의", "만", "까지", "부터"]
    return " ".join(rng.choice(WORDS) + rng.choice(particles) for _ in range(rng.randint(2, 6)))


def _nonsense(rng):
    syllables = FIRST + SECOND + SURNAMES
    return " ".join("".join(rng.choice(syllables) for _ in range(rng.randint(2, 4))) for _ in range(rng.randint(1, 4)))


def _unheard(rng):
    """A name of syllables in places where names seldom have them."""
    return "".join(rng.choice(FIRST + SECOND + SURNAMES) for _ in range(rng.choice([2, 3, 3, 3, 4])))


DONE = "예약 주문 취소 변경 추가 부탁 준비 확인 전화 말 생각 포장 배달 추천 약속 연락 결정 선택 계산 등록 도착 출발 시작 좋아 사랑 축하 필요".split()  # + 했-
PAST = """갔 왔 봤 샀 썼 먹었 받았 찾았 골랐 만들었 보냈 기다렸 정했 바꿨 잊었 물어봤 들었 남았 있었 없었 많았 좋았 맛있었 예뻤 늦었 걸렸 끝났 나왔 됐
가져갔 올렸 넣었 빼먹었 마셨 배웠 주셨 하셨 오셨""".split()
PAST_ENDINGS = ["어요.", "어요.", "어요.", "어요?", "습니다.", "는데요.", "거든요.", "네요.", "지요?", "나요?", "는데", "지만", "고", "으니까", "으면", "던"]
JOINTS = ["+이고", "+이고", "+이라서", "+이니까", "인데", "+이지만", "+이면", "+이라고", "만", "도", "하고", "에", "에는", "에도", "에서", "로", "까지", "부터", "+을", "+이", "+은",
          "+이에요", "입니다", "+이죠", "+이네요", "보다", "마다", "처럼", "의", ","]


def _done(rng):
    """A verb in the past with any ending; one that goes on is followed by another."""
    text = ""
    while True:
        ending = rng.choice(PAST_ENDINGS)
        text += (rng.choice(DONE) + "했" if rng.random() < 0.5 else rng.choice(PAST)) + ending
        if ending[-1] in ".?":
            return text
        text += " "


def _thing(rng):
    """What is named or counted in a shop, in two words at most."""
    slot = rng.choice(["qty", "size", "tiers", "price", "people", "order", "age", "who", "topping", "flavour", "colour", "shape", "occasion", "day", "hour", "name", "fullname",
                       "phone", "dom", "whole", "kind", "word"])
    return rng.choice(["{%s}", "{%s}", "{%s} {word}"]) % slot


def _joined(rng):
    """Things with the endings by which sentences go on, without much of a meaning."""
    return " ".join(_thing(rng) + rng.choice(JOINTS) for _ in range(rng.randint(1, 4)))


SLOTS = {
    "done": _done, "joined": _joined, "thing": _thing, "word": WORDS, "whole": WHOLE, "kind": KINDS,
    "menu": _menu, "flavour": FLAVOURS, "topping": TOPPINGS, "colour": COLOURS, "style": STYLES, "shape": SHAPES, "occasion": OCCASIONS,
    "who": PEOPLE, "qty": QUANTITY, "day": DAYS, "weekday": WEEKDAYS, "name": _name, "fullname": _full_name, "lettering": _lettering,
    "date": number.date, "dom": number.day_of_month, "hour": number.hour, "price": number.price, "phone": number.phone,
    "order": number.order_number, "people": number.people, "age": number.age, "size": number.size, "tiers": number.tiers,
    "percent": number.discount, "salad": _salad, "nonsense": _nonsense,
    "repeating": number.repeating_phone, "twin": number.repeating_number, "unheard": _unheard,
    "please": ["주세요", "주세요", "부탁해요", "부탁드려요", "주문할게요", "주문할게요", "주문하고 싶어요", "주문하려고요", "할게요", "살게요",
               "포장해 주세요", "예약할게요", "예약하고 싶어요", "주문해 주세요", "만들어 주세요", "있어요?", "얼마예요?", "될까요?", "가능할까요?", "주시겠어요?", "주문하고 싶습니다", "부탁합니다"],
}

TRAIN = {
    "order": """{menu} {qty} {please}|{menu} {qty} {please}|{menu} {please}|{menu} {qty} 주문할게요|{menu} 주문하고 싶어요|저는 {menu} {qty} 주세요
{style} {menu} {qty} 부탁드려요|{size}로 {menu} {please}|{menu} {size} {qty} {please}|{day} {menu} {qty} 찾으러 갈게요|{occasion} 케이크 주문하고 싶어요
{who} {occasion} 선물로 {menu} {please}|{menu}+이랑 {menu} {qty}씩 주세요|{menu}하고 {menu} 주세요|{shape} 모양 {menu} {please}|{tiers} {menu} 주문할게요
{people} 먹을 {menu} {please}|{colour} 크림으로 {menu} 만들어 주세요|{menu} 미니 사이즈로 {qty} 주세요|{day}까지 {menu} {qty} 준비해 주세요|{menu} 큰 걸로 {qty} 할게요
{who}+이 좋아하는 {menu} {qty} 주문할게요|이번에는 {menu}+으로 할게요|{menu} 작은 사이즈로 {please}|{style} 스타일로 {menu} {please}|지난번에 먹은 {menu} 또 주문할게요""",
    "custom": """{topping}+을 올려 주세요|{topping}+을 올려 주세요|{topping}+을 많이 올려 주세요|{topping}+은 빼 주세요|위에 {topping}+을 올려 주세요|{topping} 장식을 추가해 주세요|{colour}+으로 꾸며 주세요
글씨는 {lettering} 라고 써 주세요|{lettering} 라고 써 주세요|초는 {qty} 넣어 주세요|{topping}+과 {topping}+을 올려 주세요|크림은 {colour}+으로 해 주세요|덜 달게 해 주세요
{shape} 모양으로 만들어 주세요|{style} 느낌으로 부탁드려요|{topping} 추가할게요|{tiers} 케이크로 해 주세요|레터링은 {lettering} 로 부탁해요|초코펜으로 {lettering} 써 주세요
{size}로 할게요|설탕은 조금만 넣어 주세요|가운데에 {topping}+을 놓아 주세요|옆면은 {colour}+으로 칠해 주세요|{flavour} 크림으로 바꿔 주세요|알레르기가 있어서 {topping}+은 빼 주세요
{topping} 대신 {topping}+을 올려 주세요|생크림을 더 올려 주세요|폭죽도 하나 넣어 주세요|초 {age} 거로 주세요""",
    "time": """{day} {hour}에 찾으러 갈게요|{day} {hour}까지 부탁드려요|{date} {hour}에 배달해 주세요|{day} 배달 가능한가요?|{hour}에 가지러 가도 되나요?|몇 시까지 하나요?
{day} 오후에 찾을 수 있을까요?|픽업은 {day} {hour}+으로 할게요|{day}에도 문을 여나요?|{hour}까지 꼭 필요해요|{date}에 예약하고 싶어요|시간은 {hour}+이 좋아요|{day} {hour} 괜찮으세요?
{date}+이 {who} 생일이에요|{day} {hour}쯤 도착할 것 같아요""",
    "contact": """이름은 {fullname}+이에요|{fullname}+이라고 합니다|예약자 이름은 {fullname}입니다|{fullname} 이름으로 예약해 주세요|전화번호는 {phone}입니다|제 번호는 {phone}+이에요|연락처는 {phone}입니다
주문번호는 {order}+이에요|저는 {fullname}입니다|받는 사람은 {fullname}입니다|{phone}+으로 전화 주세요|{name}+이가 {age}+이 됐어요|{people} 정도 먹을 거예요|{who} 이름은 {name}입니다
{fullname} 고객님으로 등록되어 있어요|케이크에 {name} 이름을 써 주세요|{name}+이랑 {name}+이가 먹을 거예요""",
    "ask": """{menu} 얼마예요?|{menu} 있어요?|{menu} 가격이 어떻게 되나요?|{menu} {size} 얼마인가요?|{people} 먹으려면 몇 호가 좋아요?|배달도 되나요?|주차할 수 있나요?|오늘 만든 거예요?|유통기한이 언제까지예요?
{menu}에 견과류가 들어가나요?|지금 할인하는 거 있어요?|{percent} 할인되나요?|카드로 계산할 수 있어요?|{price}+이 맞나요?|영업시간이 어떻게 되세요?|매장은 어디에 있어요?|글씨도 써 줄 수 있나요?|{menu} 오늘 바로 살 수 있어요?
배달비는 얼마예요?|{day} 예약할 수 있나요?|많이 달아요?|{topping} 추가하면 얼마예요?|{price} 이하로 살 수 있는 케이크 있나요?|{menu}+과 {menu} 중에 뭐가 더 맛있어요?|초도 같이 주시나요?""",
    "recommend": """{who} 생일인데 뭐가 좋을까요?|{occasion} 케이크 추천해 주세요|제일 인기 있는 게 뭐예요?|{flavour} 들어간 케이크 추천해 주세요|{who} 드릴 건데 안 단 케이크 있어요?|추천 메뉴가 뭐예요?
{price} 정도로 추천해 주세요|{people} 먹기 좋은 케이크 추천해 주세요|요즘 잘 나가는 케이크가 뭐예요?|아이들이 좋아하는 케이크 있을까요?|{age} {who} 생일 케이크 추천 부탁드려요|{style} 케이크 있나요?|{menu}+과 비슷한 거 있어요?
뭐가 제일 맛있어요?|처음인데 추천 좀 해 주세요""",
    "change": """{menu} 말고 {menu}+으로 바꿀게요|{menu}+으로 바꿔 주세요|아니요, {menu}+으로 해 주세요|{qty} 말고 {qty} 주세요|{size} 말고 {size}로 할게요|시간을 {hour}+으로 바꿔 주세요|날짜를 {date}+으로 변경할게요
{topping}+은 취소해 주세요|주문 취소할게요|{menu} 취소해 주세요|예약을 취소하고 싶어요|방금 주문한 거 취소할게요|다시 생각해 볼게요|하나 더 추가해 주세요|{menu}도 {qty} 추가할게요|아까 말한 {menu}+은 빼 주세요
글씨를 {lettering} 로 바꿔 주세요|처음부터 다시 할게요|{colour} 말고 {colour}+으로 해 주세요|잘못 말했어요|{menu} 대신 {menu} 주세요|수량을 {qty}로 바꿔 주세요""",
    "talk": """오늘 날씨가 참 좋네요|{day} 비가 온대요|지난번 케이크 정말 맛있었어요|가게가 참 예쁘네요|{who}+이 정말 좋아했어요|배고파요|너무 기대돼요|잠깐만요|조금만 기다려 주세요|다시 한번 말해 주세요|잘 안 들려요
{who}+과 같이 먹을 거예요|제가 좀 늦을 것 같아요|고민되네요|네, 그렇게 해 주세요|아직 못 정했어요|사진 보여 주세요|그냥 물어본 거예요|케이크가 너무 예뻐요|요즘 많이 바쁘시죠?|포장은 예쁘게 해 주세요|영수증 주세요
계산해 주세요|카드로 할게요|현금으로 할게요|친절하게 알려 주셔서 감사합니다|조심해서 들고 갈게요|냉장고에 넣어 두면 되나요?""",
    "free": "{salad}|{salad}|{salad}|{nonsense}|{nonsense}",
}
WEIGHTS = {"order": 26, "custom": 18, "time": 9, "contact": 14, "ask": 10, "recommend": 6, "change": 10, "talk": 5, "free": 9}

# Patterns that training draws besides (see grammar.MORE).
MORE = {
    "order": """{who} 줄 거예요, {menu} {qty}만 주세요|{qty}에 {price}+이죠?|{menu} {qty}하고 {menu} {qty} {please}|{menu}, {menu}, {menu} {qty}씩 {please}|{who} 드릴 거라서 {style} 걸로 {please}|{menu}+을 살 거라서 {price}+이면 돼요|어제 주문한 {menu} 찾으러 왔어요
{people} 먹을 거니까 {size}로 {please}|{who} 줄 케이크 {qty} 사러 왔어요|주문한 {menu} 나왔나요?|{people}+이 먹을 거라 {menu} {qty} 샀어요|{style} 케이크예요, {menu}예요?""",
    "custom": """{colour} 크림에 {colour} 글씨로 해 주세요|{topping} 장식이 좋아요|{topping} 장식으로 바꿀 수 있나요?|{topping}+이랑 {topping} 장식으로 할게요|{style} 장식으로 꾸며 주세요|{lettering} 라고 쓰고 {topping}+을 올려 주세요
크림에 {flavour} 넣어 주세요|{topping} 추가했어요""",
    "time": """{day} {hour}에 예약한 {fullname}입니다|{hour}에 예약했어요|어제 {menu} {qty} 예약했어요|제가 {day}에 갈 거라서 미리 말했어요|늦을 거라서 {hour}에 {done}|{day} {hour}에 만나요, 늦지 마세요|{hour}에 가는데 {hour}까지 기다려 주세요|{day}+이 아니고 {day}+이에요""",
    "contact": """{fullname} 고객님, {day} {hour}에 오세요|주문번호 {order}, 맞나요?|주문번호 {order} {fullname} 고객님|{phone}+이고 {fullname}+이에요|{fullname}, {phone}|가격은 {price}, 배달비는 {price}입니다|{price}+이고 {qty} 남았어요
{who} 번호는 {phone}|{name}+이 {age}, {name}+이 {age}|{name}+이 케이크예요|{fullname}+은 {who} 이름이에요|{phone}, 다시 {phone}|{name}, {name}, {fullname}|번호는 {order}, {order}, {order}입니다|{fullname} 고객님 주문했어요?
{date} {hour}에 {fullname}|{fullname}, {order}|{fullname} {done}|{people}, {age}, {size}|{repeating}입니다|{repeating}+이고 {fullname}+이에요|{repeating}, {repeating}|{fullname}, 번호는 {repeating}
{twin}+이에요|{twin} {twin}|{twin}, {fullname}입니다|{twin}+이고 {twin}입니다|{unheard} 고객님이에요|이름은 {unheard}입니다|{unheard} 이름으로 {done}|{unheard}+이랑 {unheard}+이 {done}|{unheard}, {unheard}, {fullname}|{unheard}+이라고 해요""",
    "talk": """{done}|{done}|{thing} {done}|{who}+이 {done}|{day}에 {done}|{menu} {done}|{joined} {done}|네, {done}|아니요, {done}|{menu}예요|{style} 케이크예요?|방금 {done}|아까 {done}""",
    "free": """{joined}|{joined}|{joined} {done}|{salad}, {salad}|{nonsense}, {nonsense}|{nonsense} {salad}""",
}
MORE_WEIGHTS = {"order": 20, "custom": 10, "time": 7, "contact": 40, "talk": 8, "free": 15}

# Sentence patterns kept out of training.
TEST = {
    "order": "{day} {hour}에 {menu} {qty} 예약할게요|{who} 줄 {menu} {qty} 포장해 주세요|{style} {shape} 모양 {menu} 주문하고 싶어요|{menu} {size} {qty}하고 {menu} 하나 주세요|{people} 먹을 거라서 {menu} {size}로 할게요",
    "custom": "{colour} 크림에 {topping}+을 올려 주세요|{topping}+은 조금만 올려 주세요|위에 {lettering} 라고 써 주세요|{tiers} 케이크에 {topping} 장식으로 해 주세요",
    "ask": "{menu} {qty}에 얼마예요?|{day} {menu} 살 수 있어요?|{menu} {size} 있나요?",
    "recommend": "{who} {occasion} 선물로 뭐가 좋을까요?|{flavour} 케이크 중에 뭐가 제일 인기 있어요?|{price} 이하로 {occasion} 케이크 추천해 주세요",
    "change": "아까 주문한 {menu} 말고 {menu} 주세요|{menu} {qty} 취소하고 {menu}+으로 할게요|{topping} 말고 {topping} 추가해 주세요",
    "contact": "{fullname} 이름으로 {day} {hour}에 예약했어요|{who} 이름은 {fullname}, 전화번호는 {phone}입니다|{date} {hour}에 {fullname} 고객님 이름으로 찾으러 갈게요|{name}+이 {age} 생일 케이크예요|주문번호 {order}, 이름은 {fullname}+이에요|가격은 {price}+이고 {people} 먹을 거예요",
}
