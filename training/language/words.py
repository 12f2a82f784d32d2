"""Words and sentence patterns of the calls. `a|b` are alternatives; `{slot}` is filled by calls.py, `{menu:을}` with the
particle that fits the word's last sound. TRAIN and TEST patterns are disjoint: TEST ones never occur in training.
"""

FLAVOURS = """초콜릿 초코 딸기 치즈 생크림 고구마 녹차 말차 당근 블루베리 망고 바닐라 모카 커피 레몬 오렌지 바나나 복숭아 체리 포도 얼그레이 홍차 흑임자
단호박 밤 호두 피스타치오 오레오 캐러멜 요거트 코코넛 사과 무화과 인절미 쑥 티라미수 레드벨벳 가나슈 화이트초코 딸기 생크림 초코 생크림 바스크 치즈""".split()
# more of them for training alone, so that a name of words can be any word
FURTHER = """키위 파인애플 수박 참외 자두 앵두 감귤 한라봉 천혜향 매실 모과 크랜베리 블랙베리 아보카도 파파야 용과 리치 라임 구아바 두리안 산딸기 오디 홍시 곶감 아몬드 땅콩 캐슈넛 마카다미아 피칸 잣 해바라기씨
계피 생강 박하 민트 라벤더 로즈마리 바질 장미 벚꽃 국화 유채 연꽃 자스민 카모마일 루이보스 보리 현미 흑미 찹쌀 콩가루 미숫가루 팥 완두 서리태 감자 연근 토마토 시금치 양배추 비트 버섯 옥돔 쌀누룩 막걸리 와인 럼 위스키 맥주
꿀 메이플 조청 흑설탕 소금 우유 버터 크림치즈 모차렐라 마스카포네 리코타 연유 누가 토피 크럼블 브라우니 마들렌 다쿠아즈 슈크림 밀푀유 몽블랑 오페라 생토노레 프레지에 사바랭 파블로바 판나코타 카스텔라 시폰 파운드 당고 모찌 약과 한과
봄날 여름밤 가을빛 첫눈 노을 은하수 별밤 무지개 달빛 새벽 한강 남산 설악 한라 제주 강릉 전주 파리 빈 로마 뉴욕 도쿄 왕관 공주 왕자 곰돌이 나비 요정 인어 숲속 솜사탕 눈꽃 다이아 루비""".split()
KINDS = ["케이크"] * 12 + ["생크림 케이크"] * 2 + ["무스", "타르트", "롤케이크", "쉬폰 케이크", "무스 케이크", "컵케이크"]
# Names that training never sees, of ordinary words; random syllables are the other kind of unseen name.
UNSEEN_FLAVOURS = "살구 유자 자몽 메론 라즈베리 헤이즐넛 두유 참깨 석류 패션후르츠 대추 옥수수".split()
STYLES = "클래식 모던 빈티지 미니멀 로맨틱 심플 내추럴 럭셔리 레트로 플라워 캐릭터 화이트 파스텔 유럽풍 둥근 하트 사각 2단 3단 원형 네모".split()
OPTIONS = """초 리본 딸기 초코칩 생크림 블루베리 체리 마카롱 쿠키 견과류 꽃 진주 하트 별 과일 폭죽 숫자초 토퍼 망고 초콜릿 호두 카드 젤리 금가루""".split()
OPTIONS += "초콜릿 칩|생일 초|숫자 초|초콜릿 소스|딸기 소스|과일 토핑|생크림 장식|치즈 크럼블|꽃 장식|쿠키 가루".split("|")
# what is added to the first word of a menu's name: an option that begins as the menu does
ADDED = "칩 소스 조각 토핑 가루 크림".split()
EVENTS = "겨울 행사|봄맞이 할인|생일 주간|크리스마스 행사|개업 기념|주말 특가|신메뉴 행사|단골 감사|어린이날 행사|여름 할인".split("|")
SURNAMES = "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 홍 유".split()
GIVEN = "민 서 지 하 도 예 수 은 윤 준 시 현 주 태 재 성 동 영 나 다 소 채 승 우 건 혜 연 미 경 진 호".split()
LETTERINGS = """생일 축하해|사랑해|축하합니다|생일 축하합니다|고마워|결혼 축하해|졸업 축하해|항상 고마워|사랑해요 엄마|건강하세요|행복하세요|합격 축하해|늘 사랑해
새해 복 많이 받으세요|메리 크리스마스|해피 버스데이|첫돌 축하해|승진 축하드려요|꽃길만 걷자|힘내|수고했어|보고 싶어|최고야|영원히 함께하자|엄마 아빠 사랑해|감사합니다""".replace("\n", "|").split("|")
SIZES = ["1호", "2호", "3호", "4호", "미니", "큰", "작은", "중간", "제일 큰", "제일 작은", "5호", "4인용", "6인용", "10인용", "2인용", "보통", "특대", "라지", "스몰"]
WEEKDAYS = "월요일 화요일 수요일 목요일 금요일 토요일 일요일".split()
HOURS = "한 두 세 네 다섯 여섯 일곱 여덟 아홉 열 열한 열두".split()
MOMENTS = """내일 아침|내일 점심때|내일 저녁|오늘 저녁|오늘 밤|이따 저녁|이따가 퇴근할 때|한 시간 뒤|두 시간 뒤|30분 뒤|모레 정오|이번 주말|다음 주말|이번 토요일|다음 주 중|크리스마스 이브|25일|15일 오후|이번 달 말|다음 달 1일|내일 정오|오전 중|오늘 중
주말 오전|일요일 점심|금요일 저녁|토요일 낮|내일 오픈 시간|생일 전날|어버이날 아침|글피|사흘 뒤|일주일 뒤|내일모레|지금""".replace("\n", "|").split("|")
NOTES = """덜 달게|견과류 빼고|포장은 예쁘게|설탕은 조금만|너무 달지 않게|땅콩 빼고|달지 않게|선물 포장으로|우유 빼고|크림은 적게|촉촉하게|따로 포장해서|부드럽게|예쁘게|너무 크지 않게|색소 없이|과일은 신선한 걸로|알레르기 있으니까 땅콩은 빼고|초는 따로|크림은 많이|최대한 빨리|단단하게 포장해서|아이들이 먹게 덜 달게|녹지 않게""".split("|")
WHO = "엄마 아빠 어머니 아버지 할머니 딸 아들 아내 남편 친구 여자친구 남자친구 동생 언니 선생님 부모님 조카 아이 직장 동료".split()
OCCASIONS = "생일 결혼기념일 돌잔치 환갑 졸업 입학 승진 크리스마스 어버이날 백일 파티 집들이 기념일".split()

# what people talk of beside cakes
THINGS = """날씨 하늘 바람 구름 햇빛 파도 산 바다 강 나무 공원 놀이터 운동장 학교 교실 회사 사무실 병원 약국 은행 우체국 도서관 극장 시장 백화점 공항 기차역 정류장 터널 다리 골목 신호등 횡단보도 계단 복도 지붕 마당 담장 벽 바닥 천장
의자 책상 소파 침대 옷장 거울 시계 달력 전등 선풍기 난로 냉장고 세탁기 청소기 컴퓨터 노트북 휴대폰 충전기 이어폰 카메라 텔레비전 리모컨 스피커 마이크 키보드 프린터 기차 비행기 택시 트럭 자전거 오토바이 배 열쇠 지갑 가방 우산 모자 안경 장갑 양말
신발 치마 바지 셔츠 외투 반지 목걸이 책 신문 잡지 편지 소포 공책 연필 가위 풀 테이프 영화 드라마 만화 소설 노래 춤 그림 사진 연극 콘서트 축구 야구 농구 수영 등산 낚시 캠핑 여행 게임 바둑 고양이 토끼 새 물고기 거북이 말 소 호랑이
시험 숙제 수업 방학 회의 발표 보고서 월급 세금 보험 이사 면접 뉴스 선거 환율 주식 로또 감기 두통 다이어트 운동 낮잠 꿈 동네 이웃 옆집 윗집 시골 서울 부산 제주도 미국 일본 유럽""".split()

QUANTITIES = {1: "하나|하나|하나|한 개|1개|한 판|한개", 2: "두 개|둘|2개|두 판|두개", 3: "세 개|셋|3개|세 판|세개", 4: "네 개|4개|네 판|넷", 5: "다섯 개|5개|다섯 판|다섯", 6: "여섯 개|6개", 7: "일곱 개|7개",
              8: "여덟 개|8개", 9: "아홉 개|9개", 10: "열 개|10개", 12: "12개", 15: "15개", 20: "스무 개|20개", 30: "30개"}

TRAIN = {
    "hello": "안녕하세요|안녕하세요|여보세요|저기요|네|네 안녕하세요|수고하십니다|음|아 네|혹시|네 여보세요|어",
    # a menu, with or without a number
    "menu": """{menu} {qty} 주문할게요|{menu} {qty} 주세요|{menu} 주세요|{menu} {qty} 부탁드려요|{menu} 주문하고 싶어요|{menu:으로} 할게요|{menu:으로} {qty} 주세요|저는 {menu} {qty} 할게요
{menu} 하고 싶어요|{menu} {qty} 예약하고 싶어요|{menu} 예약할게요|{menu} {qty} 사고 싶어요|{menu} {qty} 만들어 주세요|{menu:으로} 해 주세요|{menu:으로} 부탁해요|{menu:이요}|{menu} {qty}요
{who} {occasion:이라서} {menu} {qty} 주문하려고요|{menu} {qty} 주문하려고 하는데요|{menu} {qty} 살게요|{menu:으로} 결정했어요|{menu} {qty} 포장해 주세요|{menu:을} {qty} 주문할게요|{menu:이} 좋겠어요
{menu} {qty} 준비해 주세요|오늘은 {menu:으로} 할게요|그럼 {menu:으로} 할게요|그러면 {menu} {qty} 주세요|{menu} {qty} 부탁합니다|{menu} {qty} 주실 수 있나요|{who:이} {menu:을} 좋아해서요 그걸로 {qty} 주세요
{size} 사이즈로 {menu} {qty} 주세요|{menu} {size} 사이즈로 {qty} 주세요|{menu} {size}로 {qty} 주문할게요|{style} 스타일 {menu} {qty} 주세요|{style} {menu} {qty} 주문할게요|{menu} {style}으로 {qty} 주세요
{option} 올린 {menu} {qty} 주세요|{menu}에 {option:을} 올려서 {qty} 주세요|{pickup}에 찾을 {menu} {qty} 주문할게요|{pickup}까지 {menu} {qty} 부탁드려요|{menu} {qty} {pickup}에 찾아갈게요""",
    "no_menu": "케이크 주문하고 싶어요|케이크 주문하려고요|주문할게요|케이크 {qty} 주문하려고 하는데요|케이크 예약하고 싶은데요|{occasion} 케이크 주문하고 싶어요|주문 좀 하려고요|케이크 사고 싶어요|{who} {occasion} 케이크를 주문하려고요|주문하려고 전화했어요",
    "accept": "그걸로 할게요|네 그걸로 주세요|좋아요 그걸로 할게요|그걸로 주문할게요|네 그걸로 부탁드려요|추천해 주신 걸로 할게요|그거 주세요|네 좋네요 그걸로 해 주세요",
    "accept_qty": "그걸로 {qty} 주세요|네 그걸로 {qty} 할게요|좋아요 {qty} 주세요",
    "style": """{style} 스타일로 해 주세요|{style:으로} 할게요|{style:으로} 해 주세요|{style:이요}|스타일은 {style:으로} 부탁드려요|{style} 스타일로 부탁해요|{style} 스타일이 좋아요|{style:이} 좋겠어요|{style:으로} 주세요
스타일은 {style:이요}|저는 {style:으로} 할게요|{style} 느낌으로 해 주세요|{style}하게 해 주세요|{style}한 걸로 할게요|그냥 {style:으로} 할게요|{style:으로} 만들어 주세요|{style} 스타일""",
    "option": """{option:을} 올려 주세요|{option:을} 올려 주세요|{option} 추가해 주세요|{option:을} 넣어 주세요|{option}도 넣어 주세요|위에 {option:을} 올려 주세요|{option} 추가할게요|{option}도 추가해 주세요|{option} 올려 주세요
{option:이랑} {option2:을} 올려 주세요|{option} 하고 {option2} 추가해 주세요|{option:과} {option2:을} 넣어 주세요|{option:으로} 장식해 주세요|{option:을} 얹어 주세요|{option}도 부탁드려요|{option} 넣어 주실 수 있나요|{option} 많이 올려 주세요""",
    "size": "{size} 사이즈로 해 주세요|{size} 걸로 해 주세요|크기는 {size} 걸로 할게요|사이즈는 {size} 사이즈요|{size} 사이즈로 할게요|크기는 {size} 사이즈로 부탁드려요|{size} 걸로 주세요",
    "quantity": "{qty} 주세요|{qty}요|{qty} 할게요|{qty} 부탁드려요|수량은 {qty}예요|{qty} 주문할게요|{qty}만 주세요|개수는 {qty}요|{qty} 필요해요|총 {qty} 주세요",
    "lettering": """{lettering}라고 써 주세요|케이크에 {lettering}라고 써 주세요|레터링은 {lettering}로 해 주세요|문구는 {lettering}로 부탁드려요|글씨는 {lettering}라고 넣어 주세요|위에 {lettering}라고 적어 주세요
{lettering} 문구 넣어 주세요|{lettering}라고 적어 주세요|{lettering} 글씨 써 주세요|레터링 {lettering} 부탁해요""",
    "pickup": """{pickup}에 찾으러 갈게요|{pickup}에 가지러 갈게요|픽업은 {pickup:이요}|{pickup}까지 부탁드려요|{pickup}에 찾을게요|{pickup}에 받을게요|{pickup:으로} 예약해 주세요|{pickup}에 갈게요|{pickup:이요}|{pickup}에 찾아갈게요
{pickup}쯤 찾으러 갈게요|찾는 시간은 {pickup:이에요}|{pickup}까지 준비해 주세요|{pickup}에 방문할게요""",
    "notes": "{note} 해 주세요|{note} 만들어 주세요|{note} 부탁드려요|{note} 해 주시면 좋겠어요|{note} 주세요|{note} 가능할까요 그렇게 해 주세요",
    "confirm": """네 맞아요|네 그렇게 해 주세요|네 맞습니다|네 주문할게요|좋아요|네 진행해 주세요|확인했어요 주문해 주세요|네 그대로 해 주세요|맞아요 주문해 주세요|네 좋습니다|이대로 주문할게요|네 다 맞아요|네|그렇게 해 주세요
네 확정해 주세요|그대로 주문할게요|네 결제할게요|네 그렇게 부탁드려요""",
    "nothing": "없어요|더 없어요|아니요 그게 다예요|그게 다예요|괜찮아요|아니요 괜찮아요|더 필요한 건 없어요|다른 건 없어요|그냥 주세요",
    "change_menu": """{menu:으로} 바꿔 주세요|{menu:으로} 바꿀게요|{old} 말고 {menu:으로} 바꿔 주세요|{old} 말고 {menu:으로} 할게요|아니요 {menu:으로} 해 주세요|{menu:으로} 변경할게요|{old} 대신 {menu:으로} 해 주세요|다시 생각해 보니 {menu:이} 좋겠어요
{old} 대신 {menu} 주세요|잠깐만요 {menu:으로} 바꿀게요|죄송한데 {menu:으로} 바꿔 주세요|{old:을} {menu:으로} 바꿔 주세요|아 그냥 {menu:으로} 할게요|메뉴를 {menu:으로} 바꾸고 싶어요|아니 {menu} 주세요|{old} 말고 {menu}요
역시 {menu:으로} 할래요|마음이 바뀌었어요 {menu:으로} 주세요|{menu:으로} 변경 가능할까요|아니다 {menu:으로} 할게요""",
    "change_style": "스타일을 {style:으로} 바꿔 주세요|{oldstyle} 말고 {style:으로} 해 주세요|{style:으로} 바꿀게요|{oldstyle} 대신 {style:으로} 할게요|아니요 {style:으로} 해 주세요|{style} 스타일로 변경해 주세요|스타일은 {style:으로} 바꿀게요|아니 {style:이요}|역시 {style:이} 좋겠어요",
    "change_quantity": "{qty:으로} 바꿔 주세요|수량을 {qty:으로} 바꿀게요|아니요 {qty} 주세요|{oldqty} 말고 {qty} 주세요|{qty:으로} 늘려 주세요|개수를 {qty:으로} 변경할게요|{oldqty} 말고 {qty:으로} 할게요|{qty:으로} 해 주세요 아까 건 잘못 말했어요|{oldqty:이} 아니라 {qty}요",
    "change_size": "사이즈를 {size} 걸로 바꿔 주세요|{size} 사이즈로 바꿀게요|크기를 {size} 사이즈로 변경해 주세요|{oldsize} 말고 {size} 사이즈로 해 주세요",
    "change_lettering": "글씨를 {lettering}로 바꿔 주세요|문구를 {lettering}로 변경할게요|레터링을 {lettering}로 바꿔 주세요|{lettering}라고 바꿔서 써 주세요",
    "change_pickup": "{pickup:으로} 바꿔 주세요|시간을 {pickup:으로} 바꿀게요|픽업을 {pickup:으로} 변경해 주세요|{pickup}에 찾으러 갈게요 시간이 바뀌었어요|날짜를 {pickup:으로} 바꾸고 싶어요|{pickup:으로} 미뤄 주세요",
    "remove_option": "{held:은} 빼 주세요|{held} 빼 주세요|{held:은} 취소해 주세요|{held:은} 필요 없어요|{held:은} 안 할게요|{held:을} 빼고 해 주세요|{held:은} 없애 주세요",
    "remove_lettering": "글씨는 빼 주세요|레터링은 빼 주세요|문구는 안 넣을게요|글씨는 안 쓸게요|레터링은 필요 없어요",
    "remove_style": "스타일 다시 고를게요|스타일을 다시 정하고 싶어요|다른 스타일로 바꾸고 싶어요|스타일을 바꾸고 싶은데요|스타일 변경할게요",
    "again_menu": "메뉴 다시 고를게요|다른 케이크로 바꾸고 싶어요|메뉴를 바꾸고 싶은데요|케이크를 다시 고르고 싶어요|처음부터 다시 고를게요|다른 메뉴로 할게요|메뉴 변경하고 싶어요",
    "cancel": """주문 취소할게요|취소해 주세요|주문을 취소하고 싶어요|취소할게요|그냥 취소해 주세요|전부 취소해 주세요|예약 취소해 주세요|죄송한데 취소할게요|안 살게요|주문 안 할래요|다음에 할게요|없던 일로 해 주세요|주문 취소요
그냥 안 할게요|주문 취소 부탁드려요|방금 주문한 거 취소해 주세요|취소하고 싶은데요|다 취소할게요|일이 생겨서 취소해야겠어요|생각이 바뀌어서 안 할게요|주문은 그만둘게요|됐어요 안 살래요|주문 취소해 주실 수 있나요|다른 데서 살게요|케이크가 필요 없게 됐어요
나중에 다시 전화할게요 취소해 주세요|이번에는 안 살래요|주문 철회할게요|주문 없애 주세요""",
    "price": "{menu} 얼마예요|{menu:은} 얼마예요|{menu} 가격이 얼마예요|{menu} 가격 알려 주세요|{menu:은} 가격이 어떻게 돼요|{menu} 하나에 얼마예요|{menu} 얼마 하나요|{menu} 비싼가요",
    "price_any": "얼마예요|가격이 얼마예요|가격이 어떻게 되나요|전부 얼마예요|총 얼마예요|케이크 가격 좀 알려 주세요|합계가 얼마예요|다 합쳐서 얼마인가요",
    "menus": "어떤 케이크가 있어요|무슨 케이크 있어요|메뉴가 뭐가 있어요|케이크 종류가 뭐가 있나요|메뉴 알려 주세요|어떤 메뉴가 있나요|뭐 팔아요|케이크는 뭐뭐 있어요|메뉴 좀 알려 주시겠어요|어떤 종류가 있는지 궁금해요",
    "styles": "스타일은 뭐가 있어요|어떤 스타일이 있어요|스타일 종류 알려 주세요|무슨 스타일이 있나요|고를 수 있는 스타일이 뭐예요|스타일이 뭐뭐 있죠",
    "options": "어떤 옵션이 있어요|뭐 추가할 수 있어요|위에 뭐 올릴 수 있어요|옵션은 뭐가 있나요|추가할 수 있는 게 뭐예요|장식은 뭐가 있어요|뭘 더 넣을 수 있어요",
    "events": "지금 할인하는 거 있어요|행사하는 거 있나요|할인 되나요|이벤트 있어요|할인 행사 있나요|세일하는 케이크 있어요|지금 무슨 행사 해요|할인 받을 수 있어요",
    "facts": """몇 시까지 해요|영업시간이 어떻게 돼요|언제 문 열어요|주차 되나요|주차할 수 있어요|배달 되나요|배달도 해요|카드 결제 되나요|유통기한이 얼마나 돼요|알레르기 성분이 있나요|견과류 들어가나요|우유 들어가나요|위치가 어디예요|매장이 어디예요
오늘 바로 살 수 있어요|며칠 전에 예약해야 해요|몇 명이 먹을 수 있어요|주말에도 해요|일요일에 쉬나요|냉장 보관해야 해요|포장은 무료예요|언제까지 먹어야 해요|글씨도 써 주나요|많이 달아요|밀가루 없는 케이크 있어요|달걀 들어가나요|초는 무료인가요|언제 다 돼요
오늘 안에 받을 수 있나요|몇 호가 몇 인분이에요|전화번호가 어떻게 돼요|{menu:은} 많이 달아요|{menu}에 견과류 들어가요|{menu} 오늘 있어요|{menu} 남아 있어요|{menu:은} 뭐가 들어가요|{menu:은} 몇 명이 먹어요|{style} 스타일은 어떤 거예요|{style:은} 뭐가 다른가요|{option} 추가하면 얼마예요
{menu:과} {menu2:은} 뭐가 달라요|{menu:이} 더 비싼가요|아침 몇 시에 열어요|환불 되나요|영수증 주시나요|보관은 어떻게 해요|주문하면 얼마나 걸려요|당일 예약 되나요|추가 요금 있어요|현금 되나요|택배도 되나요|사진 볼 수 있어요|땅콩 알레르기가 있는데 괜찮나요|비건 케이크 있나요
{pickup}에도 문 열어요|{pickup}에 찾을 수 있나요|배달비는 얼마예요|언제 찾으러 가면 돼요|토요일에도 영업하나요|가게가 지금 열려 있나요|글씨 쓰면 돈 더 받아요|단체 주문도 되나요|예약금이 있나요|냉동인가요""",
    "recommend": """케이크 추천해 주세요|추천해 주세요|뭐가 맛있어요|뭐가 제일 맛있어요|인기 있는 케이크가 뭐예요|추천 메뉴가 뭐예요|뭐가 좋을까요|{who} {occasion:인데} 뭐가 좋을까요|{occasion} 케이크 추천해 주세요|어떤 케이크가 좋아요|하나 추천해 주세요
{who}에게 줄 케이크 추천해 주세요|요즘 잘 나가는 게 뭐예요|제일 인기 많은 거 추천해 주세요|뭘 골라야 할지 모르겠어요 추천해 주세요|{occasion}에 어울리는 케이크 있을까요|어떤 게 인기가 많아요|추천 부탁드려요|추천 좀 해 주세요|처음인데 뭐가 좋아요
안 단 케이크 추천해 주세요|저한테 맞는 케이크 추천해 주세요|뭐 먹을지 고민이에요 추천해 주세요|{who:이} 좋아할 만한 케이크 있어요|선물하기 좋은 케이크가 뭐예요|잘 팔리는 케이크 알려 주세요|고르기 어렵네요 골라 주세요|여러 명이 먹기 좋은 케이크 추천해 주세요
알아서 추천해 주세요|베스트 메뉴가 뭐예요|{menu:이랑} {menu2} 중에 뭐가 좋아요|사람들이 많이 사는 게 뭐예요|다른 거 추천해 주세요|행사하는 케이크 중에 추천해 주세요|뭐 살지 모르겠어요|{who} {occasion} 선물인데 골라 주세요|어느 게 더 맛있을까요|제일 좋은 거 하나 골라 주세요
평소에 먹던 걸로 추천해 주세요|어떤 게 나을까요|{who:이랑} 먹을 건데 뭐가 좋을까요""",
    "talk": """안녕하세요|여보세요|안녕하세요 거기 케이크 가게죠|오늘 날씨 좋네요|비가 많이 오네요|감사합니다|고맙습니다|수고하세요|잠깐만요|잠시만 기다려 주세요|잘 안 들려요|뭐라고요|다시 말해 주세요|아직 못 정했어요|생각 좀 해 볼게요|제 이름이 뭐예요
배고프다|노래 불러 줘|너 누구야|로봇이에요|내일 비 와요|지금 몇 시예요|영화 추천해 줘|택시 불러 주세요|피자 있어요|커피 한 잔 주세요|축구 누가 이겼어요|주식 어때요|농담 하나 해 줘|기분이 안 좋아요|사장님 계세요|전화 잘못 걸었어요|네 들려요|아 그렇군요
지난번 케이크 맛있었어요|가게가 예쁘네요|음|글쎄요|잘 모르겠어요|고민되네요|조금 있다 다시 할게요|여기 어디예요|심심해|반가워요|오랜만이에요|잘 지내세요|끊을게요|안녕히 계세요|수학 문제 풀어 줘|치킨 주문할게요|짜장면 두 그릇 주세요|미용실 예약할게요
목소리가 좋으시네요|사람이에요 기계예요|소리가 작아요|뭐 하세요|바쁘시네요|친절하시네요|좋은 하루 보내세요|네 감사합니다|아이고|하하|강아지가 귀여워요|요즘 덥네요|병원이죠|여기 꽃집 아닌가요|비밀이에요|그냥 전화해 봤어요|재미있네요|안 들려요|여보세요 들리세요""",
}

TEST = {
    "hello": "안녕하십니까|사장님|아 여보세요",
    "menu": "{menu} {qty} 가져갈 수 있게 해 주세요|{menu} {qty} 시킬게요|저 {menu} {qty} 주문 부탁드립니다|{who} 드리려고 {menu} {qty} 맞추고 싶어요|{menu:으로} {qty} 갈게요|{menu} {qty} 맞출게요",
    "no_menu": "케이크를 {qty} 맞추고 싶은데요|주문 가능할까요",
    "accept": "추천하신 거로 갈게요|그거 괜찮네요 그걸로 하죠", "accept_qty": "그럼 그걸로 {qty} 부탁드려요",
    "style": "{style:으로} 갈게요|{style} 스타일이면 좋겠어요|스타일은 {style:으로} 하죠",
    "option": "{option} 토핑으로 얹어 주시겠어요|{option}도 같이 올려 주시면 좋겠어요|{option:을} 위에 놓아 주세요",
    "size": "크기는 {size} 사이즈면 돼요|{size} 사이즈로 맞춰 주세요", "quantity": "{qty} 준비해 주세요|{qty}면 돼요",
    "lettering": "{lettering}라고 새겨 주세요|글은 {lettering}라고 부탁드려요", "pickup": "{pickup}에 들를게요|{pickup}까지 찾아가겠습니다",
    "notes": "{note} 해 주실래요|{note} 준비해 주세요", "confirm": "네 그게 맞아요|네 이대로 해 주세요|맞습니다 주문 넣어 주세요", "nothing": "따로 없습니다|그거면 돼요",
    "change_menu": "{old} 아니고 {menu:으로} 해 주세요|{menu:으로} 다시 할게요|{old} 취소하고 {menu:으로} 주세요|아무래도 {menu:으로} 바꾸는 게 낫겠어요",
    "change_style": "{style:으로} 다시 해 주세요|{oldstyle} 아니고 {style:이요}", "change_quantity": "{oldqty} 아니고 {qty:으로} 해 주세요|{qty:으로} 고쳐 주세요",
    "change_size": "{size} 사이즈로 다시 해 주세요", "change_lettering": "문구는 {lettering}로 다시 해 주세요", "change_pickup": "픽업을 {pickup:으로} 옮겨 주세요",
    "remove_option": "{held:은} 없이 해 주세요|{held:은} 안 넣을게요", "remove_lettering": "글씨 없이 해 주세요", "remove_style": "스타일을 다시 선택할게요", "again_menu": "다른 케이크로 다시 볼게요|메뉴부터 다시 할게요",
    "cancel": "주문 전체를 취소하겠습니다|죄송하지만 안 사기로 했어요|주문한 거 취소 처리해 주세요|이 주문 그만할게요",
    "price": "{menu} 값이 얼마죠|{menu:은} 얼마 정도 하나요", "price_any": "금액이 얼마나 되죠", "menus": "어떤 케이크를 파시나요|케이크 뭐뭐 파세요", "styles": "스타일에는 어떤 게 있죠",
    "options": "올릴 수 있는 게 뭐죠", "events": "요즘 행사 중인 게 있나요|할인 중인 케이크 있죠", "facts": "가게 문 몇 시에 닫아요|배달 서비스 있나요|어디에 있는 가게예요|{menu}에 우유가 들어가나요|예약은 언제까지 해야 하죠|{menu} 지금 살 수 있나요",
    "recommend": "어떤 걸 추천하세요|{who} {occasion}에 줄 건데 뭐가 괜찮아요|인기 상품이 뭔가요|좋은 걸로 하나 추천 부탁해요|{occasion} 때 먹을 케이크 좀 골라 주실래요",
    "talk": "오늘 참 춥네요|햄버거 있나요|노래 좀 틀어 줘|제 말 들리나요|고마워요 다음에 또 올게요|아직 결정을 못 했어요",
}

# English and Japanese are a small part: few patterns, the same kinds.
FOREIGN = {
    "en": {
        "flavours": "Chocolate Strawberry Cheese Vanilla Carrot Lemon Mango Coffee Banana Cherry Red Velvet Matcha Blueberry".split(), "kinds": ["Cake"] * 4 + ["Tart", "Mousse"],
        "styles": "Classic Modern Vintage Simple Romantic".split(), "options": "candles ribbon strawberries cookies cherries flowers".split(), "pickups": "tomorrow at 3 pm|today at 6 pm|Saturday at noon|Friday at 5 pm|Sunday morning|tomorrow morning".split("|"),
        "letterings": "Happy Birthday|I love you|Congratulations|Thank you mom|Happy Birthday Anna|Good luck".split("|"), "qty": {1: "one|a", 2: "two", 3: "three", 4: "four", 5: "five"},
        "hello": "Hello|Hi|Good morning", "menu": "I'd like {qty} {menu} please|{qty} {menu} please|can I order {qty} {menu}|I want to order {qty} {menu}|could I have {qty} {menu}|{menu} please|I'll take the {menu}|I would like to buy {qty} {menu}",
        "style": "{style} please|in {style} style please|I'd like the {style} style|{style} style", "option": "please add {option}|with {option} please|can you put {option} on it|add {option}",
        "quantity": "{qty} please|I need {qty}|just {qty}", "lettering": "please write {lettering}|write {lettering} on the cake|the text should be {lettering}", "pickup": "I'll pick it up {pickup}|{pickup} please|I will come {pickup}|pick up {pickup}",
        "confirm": "yes that's right|yes please|that's correct|yes go ahead|looks good", "change_menu": "change it to {menu} please|actually I want {menu}|{menu} instead please|can I change to {menu}|not {old}, {menu} please", "change_quantity": "make it {qty} instead|change it to {qty}|sorry, {qty} please instead",
        "cancel": "cancel my order please|I want to cancel|please cancel everything|cancel it|I don't want it any more|forget the order", "price": "how much is the {menu}|what does the {menu} cost|price of the {menu} please",
        "facts": "what time do you open|when do you close|where is your shop|do you deliver|can I pay by card|is there parking|are there nuts in it|are you open on Sunday|how long does it keep", "menus": "what cakes do you have|which cakes are there|what is on the menu",
        "recommend": "what do you recommend|can you recommend a cake|which cake is popular|what is good for a birthday|what's your best cake|please suggest a cake", "talk": "hello|how are you|thank you|thanks bye|can you hear me|nice weather today|wait a moment|who are you|sorry wrong number|sing a song"},
    "ja": {
        "flavours": "チョコレート いちご チーズ バニラ レモン マンゴー コーヒー バナナ りんご さくら".split(), "kinds": ["ケーキ"] * 4 + ["タルト", "ムース"],
        "styles": "クラシック モダン ビンテージ シンプル ロマンチック".split(), "options": "ろうそく リボン いちご クッキー さくらんぼ 花".split(), "pickups": "明日の三時|今日の六時|土曜日の午後|金曜日の五時|日曜日の朝|明日の朝".split("|"),
        "letterings": "おめでとう|お誕生日おめでとう|ありがとう|大好き|お母さんありがとう".split("|"), "qty": {1: "一つ", 2: "二つ", 3: "三つ", 4: "四つ", 5: "五つ"},
        "hello": "こんにちは|すみません|もしもし", "menu": "{menu}を{qty}ください|{menu}を{qty}お願いします|{menu}を注文したいです|{menu}をください|{menu}にします|{menu}を{qty}注文します",
        "style": "{style}でお願いします|{style}にします|{style}スタイルで", "option": "{option}をのせてください|{option}も追加してください|{option}をつけてください", "quantity": "{qty}ください|{qty}お願いします|{qty}です",
        "lettering": "{lettering}と書いてください|文字は{lettering}でお願いします", "pickup": "{pickup}に取りに行きます|{pickup}に行きます|受け取りは{pickup}です", "confirm": "はい、そうです|はい、お願いします|それでいいです|はい、大丈夫です",
        "change_menu": "{menu}に変えてください|やっぱり{menu}にします|{old}ではなく{menu}にしてください", "change_quantity": "{qty}に変えてください|やっぱり{qty}にします", "cancel": "キャンセルしてください|注文をキャンセルします|やめます|取り消してください",
        "price": "{menu}はいくらですか|{menu}の値段を教えてください", "facts": "何時までですか|何時に開きますか|お店はどこですか|配達できますか|駐車場はありますか|日曜日は休みですか|カードは使えますか", "menus": "どんなケーキがありますか|メニューを教えてください",
        "recommend": "おすすめは何ですか|おすすめを教えてください|何が人気ですか|どれがいいですか", "talk": "こんにちは|もしもし|ありがとうございます|聞こえますか|ちょっと待ってください|いい天気ですね|あなたは誰ですか"},
}

# What the shop answers; {question} asks for what is missing next.
REPLIES = {
    "ko": {"order": "네, {what}요.", "confirmed": "주문이 완료되었어요. 감사합니다.", "check": "주문하신 내용이 맞으세요?", "change": "네, 바꿔 드릴게요.", "cancel": "주문을 취소해 드렸어요.",
           "unknown": "매장에 확인해서 알려 드릴게요.", "menus": "{names} 있어요.", "event": "{event} 진행 중이에요.", "no_event": "지금은 진행 중인 행사가 없어요.", "again": "지난번에 드신 {menu} 어떠세요?",
           "promoted": "{event} 중인 {menu} 어떠세요?", "suggest": "{menu} 어떠세요?", "no_suggest": "어떤 케이크를 좋아하세요?", "hello": "안녕하세요. 무엇을 도와드릴까요?", "talk": "케이크 주문을 도와드릴게요."},
    "en": {"order": "OK, {what}.", "confirmed": "Your order is complete. Thank you.", "check": "Is this order right?", "change": "OK, I will change it.", "cancel": "Your order is cancelled.",
           "unknown": "I will ask the shop and tell you.", "menus": "We have {names}.", "event": "{event} is on.", "no_event": "There is no event now.", "again": "How about {menu} again?",
           "promoted": "How about {menu} with {event}?", "suggest": "How about {menu}?", "no_suggest": "What cakes do you like?", "hello": "Hello. How can I help you?", "talk": "I can help you order a cake."},
    "ja": {"order": "はい、{what}ですね。", "confirmed": "ご注文ありがとうございます。", "check": "ご注文はこれでよろしいですか。", "change": "はい、変更します。", "cancel": "ご注文を取り消しました。",
           "unknown": "店に確認してお知らせします。", "menus": "{names}があります。", "event": "{event}です。", "no_event": "今はイベントがありません。", "again": "前回の{menu}はいかがですか。",
           "promoted": "{event}の{menu}はいかがですか。", "suggest": "{menu}はいかがですか。", "no_suggest": "どんなケーキがお好きですか。", "hello": "こんにちは。ご用件をどうぞ。", "talk": "ケーキのご注文をお手伝いします。"},
}
ANALYSES = {
    "ko": {"order": "{menu} 주문", "details": "주문 내용 추가", "want": "케이크 주문", "confirm": "주문 확인", "change": "주문 변경", "cancel": "주문 취소", "price": "가격 문의", "menus": "메뉴 문의", "styles": "스타일 문의", "options": "옵션 문의", "events": "행사 문의",
           "facts": "매장 문의", "recommend": "메뉴 추천 요청", "talk": "주문과 관계없는 말", "style": "스타일 선택"},
    "en": {"order": "orders {menu}", "details": "adds to the order", "want": "wants a cake", "confirm": "confirms", "change": "changes the order", "cancel": "cancels", "price": "asks a price", "menus": "asks for the menu", "styles": "asks for styles", "options": "asks for options",
           "events": "asks for events", "facts": "asks about the shop", "recommend": "wants a recommendation", "talk": "small talk", "style": "chooses a style"},
    "ja": {"order": "{menu}の注文", "details": "注文の追加", "want": "ケーキの注文", "confirm": "注文の確認", "change": "注文の変更", "cancel": "注文の取り消し", "price": "値段の質問", "menus": "メニューの質問", "styles": "スタイルの質問", "options": "オプションの質問",
           "events": "イベントの質問", "facts": "店の質問", "recommend": "おすすめの希望", "talk": "その他の話", "style": "スタイルの選択"},
}
