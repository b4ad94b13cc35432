"""Terms of a platform, as small as they can be; every text in both languages."""

import copy

GROUND = {
    "kind": "terms",
    "clause": {"en": "Clause 7", "zh": "第7条"},
    "why": {"en": "The tier does not have it.", "zh": "该等级没有此项权益。"},
    "measure": "service",
}
RULE_GROUND = {
    "kind": "law",
    "clause": {"en": "Clause 8", "zh": "第8条"},
    "why": {"en": "It forbids what was found.", "zh": "该条禁止所认定的行为。"},
    "measure": "visibility",
    "at_once": True,
}
TERMS = {
    "platform": {
        "name": {"en": "Example Market", "zh": "示例商城"},
        "contact": {"en": "Merchant desk\nmerchants@market.example", "zh": "商家服务中心"},
    },
    "decision": {
        "notice_days": 15,
        "scope": {"en": "All offers", "zh": "全部商品"},
        "duration": {"en": "Until the next review", "zh": "至下次评审"},
        "basis": "own_initiative",
        "automated_detection": True,
        "automated_decision": False,
    },
    "grounds": {"any_right": GROUND, "any_rule": RULE_GROUND},
    "appeal": {
        "address": {"en": "appeals@market.example", "zh": "appeals@market.example"},
        "days": 31,
        "how": {"en": "Free of charge.", "zh": "免费。"},
        "out_of_court": {"en": "The mediators of clause 19", "zh": "第19条所列调解机构"},
        "courts": {"en": "The courts of clause 20", "zh": "第20条所列法院"},
    },
    "ranking": {
        "where": {"en": "Clause 5", "zh": "第5条"},
        "why": {"en": "Harm weighs most.", "zh": "伤害权重最高。"},
    },
}


def terms_with(**changes):
    """The terms with some values changed by address, such as ``appeal__days=3``; None removes."""
    found = copy.deepcopy(TERMS)
    for address, value in changes.items():
        *path, last = address.split("__")
        place = found
        for step in path:
            place = place.setdefault(step, {})
        if value is None:
            place.pop(last)
        else:
            place[last] = value
    return found
