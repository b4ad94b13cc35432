"""Made-up accounts of a market with names and addresses: honest ones, and removed ones again."""

import numpy as np

FIELDS = (
    "legal_id", "licence", "pay_account", "legal_name", "person_name",
    "phone", "email", "device", "address",
)  # fmt: skip
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文辉力波鹏飞宇晨浩然子轩雨欣梓涵"
GOODS = "茶叶服饰电子家居食品文具玩具鞋帽箱包百货建材五金珠宝花卉宠物户外母婴美妆图书灯具".strip()
WISHES = "好兴隆盛昌顺达通宏远佳美优品鑫源泰和瑞丰安康福利永恒金龙凤鸣东方海天云山明月星辰"
LATIN_FAMILY = [
    "smith",
    "jones",
    "taylor",
    "brown",
    "wilson",
    "evans",
    "thomas",
    "roberts",
    "walker",
    "wright",
    "hughes",
    "green",
    "hall",
    "wood",
    "harris",
    "clarke",
    "patel",
    "khan",
    "lewis",
    "king",
    "baker",
    "turner",
]
LATIN_GIVEN = [
    "anna",
    "john",
    "mary",
    "peter",
    "susan",
    "david",
    "laura",
    "james",
    "emma",
    "paul",
    "julia",
    "mark",
    "nina",
    "oscar",
    "rita",
    "tom",
    "vera",
    "walter",
    "iris",
    "hugo",
    "clara",
    "felix",
]
LATIN_WORDS = [
    "harbour",
    "bridge",
    "silver",
    "golden",
    "river",
    "sunny",
    "little",
    "north",
    "royal",
    "green",
    "lucky",
    "swift",
    "bright",
    "urban",
    "garden",
    "forest",
    "ocean",
    "mountain",
    "diamond",
    "crystal",
    "lotus",
    "falcon",
    "tiger",
    "willow",
    "maple",
    "cedar",
]
LATIN_TRADES = [
    "trading",
    "home",
    "fashion",
    "toys",
    "books",
    "garden",
    "tools",
    "sports",
    "beauty",
    "pets",
    "foods",
    "gifts",
]
STREETS = [
    "中山",
    "解放",
    "人民",
    "建设",
    "体育东",
    "长江",
    "黄河",
    "北京",
    "和平",
    "新华",
    "文化",
    "胜利",
    "环城",
    "滨江",
    "学院",
    "工业",
]
LATIN_STREETS = [
    "high",
    "station",
    "church",
    "park",
    "victoria",
    "mill",
    "school",
    "queen",
    "albert",
    "bridge",
]


HOUSES = ("广州市白云区大学路88号", "广州市番禺区工业路9号", "88 Century Avenue, tower 2, room ")


def account(draw, number):
    """One account whose identifiers are its own; a third of them write in Latin letters."""
    own = {
        "legal_id": f"ID{number:08d}", "licence": f"L{number:08d}", "pay_account": f"P{number:08d}",
        "phone": f"139{number:08d}", "email": f"u{number}@example.com", "device": f"d{number}",
    }  # fmt: skip
    if draw.random() < 1 / 3:
        person = f"{draw.choice(LATIN_GIVEN)} {draw.choice(LATIN_FAMILY)}"
        firm = f"{' '.join(draw.choice(LATIN_WORDS, 2))} {draw.choice(LATIN_TRADES)} Ltd"
        street = f"{draw.choice(LATIN_STREETS)} {draw.choice(['street', 'road', 'lane'])}"
        where = f"{draw.integers(1, 300)} {street}, flat {draw.integers(1, 60)}"
    else:
        person = FAMILY[draw.integers(len(FAMILY))] + letters(draw, GIVEN, 2)
        trade = draw.integers(len(GOODS) // 2) * 2
        firm = f"广州市{letters(draw, WISHES, 2)}{GOODS[trade : trade + 2]}有限公司"
        where = (
            f"广州市天河区{draw.choice(STREETS)}路{draw.integers(1, 400)}号{draw.integers(1, 30)}"
            f"栋{draw.integers(101, 2500)}室"
        )
    return own | {"person_name": person, "legal_name": firm, "address": where}


def letters(draw, of, count):
    return "".join(of[at] for at in draw.integers(0, len(of), count))


def _relative(draw, name):
    if " " in name:
        return f"{draw.choice(LATIN_GIVEN)} {name.split()[1]}"
    return name[0] + letters(draw, GIVEN, 2)


def again(draw, old, new):
    """A removed account's holder comes back: other numbers, most of the rest as it was."""
    back = dict(new)
    back["person_name"] = old["person_name"]
    if draw.random() < 0.6:
        back["legal_name"] = old["legal_name"].replace("有限公司", "商行").upper()
    if draw.random() < 0.7:
        back["address"] = old["address"].replace("广州市", "").replace("室", "")
    for kind in ("phone", "email", "device"):
        if draw.random() < 0.5:
            back[kind] = old[kind]
    return back


def market(seed, newcomers, removed, returning=0):
    """Return newcomers and removed accounts as lists of dicts, and the pairs that are true.

    Three of a hundred newcomers are family of a removed merchant: one phone, e-mail, device and
    address, and in China one family name. As many are clients of an agent with six clients, who
    gives them its phone and e-mail. Two dormitories and a tower have 300 of all accounts; an agency
    of 5,000 gives its clients one phone.
    """
    draw = np.random.default_rng(seed)
    people = [account(draw, number) for number in range(newcomers + removed)]
    order = draw.permutation(len(people))
    for place in range(len(people) * 3 // 100 // 6):
        agent = people[order[6 * place]]
        for at in order[6 * place : 6 * place + 6].tolist():
            people[at] |= {kind: agent[kind] for kind in ("phone", "email")}
    for house in (
        "广州市白云区大学路88号",
        "广州市番禺区工业路9号",
        "88 Century Avenue, tower 2, room ",
    ):
        for at in draw.choice(len(people), min(300, len(people) // 20), replace=False).tolist():
            end = "" if house.endswith(" ") else "室"
            people[at]["address"] = f"{house}{draw.integers(101, 160)}{end}"
    for at in draw.choice(len(people), min(5000, len(people) // 3), replace=False).tolist():
        people[at]["phone"] = "4008208820"
    left, right = people[:newcomers], people[newcomers:]
    gone = draw.permutation(removed)
    family = draw.choice(newcomers - returning, newcomers * 3 // 100, replace=False).tolist()
    for place, at in enumerate(family):
        old = right[gone[-1 - place % max(removed - returning, 1)]]
        left[at] |= {kind: old[kind] for kind in ("phone", "email", "device", "address")}
        # One family name, and no two of a family have one given name.
        theirs = old["person_name"]
        while (name := _relative(draw, theirs)) == theirs:
            pass
        left[at]["person_name"] = name
    true = set()
    for place in range(returning):
        at = newcomers - returning + place
        left[at] = again(draw, right[gone[place]], left[at])
        true.add((f"n{at:06d}", f"z{gone[place]:06d}"))
    return (
        {f"n{at:06d}": person for at, person in enumerate(left)},
        {f"z{at:06d}": person for at, person in enumerate(right)},
        true,
    )
