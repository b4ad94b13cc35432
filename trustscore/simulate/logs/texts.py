"""What people write and say in made-up logs, put together from phrases."""

from __future__ import annotations

import numpy as np

from trustscore.typing import Array

__all__ = ["copied_texts", "review_texts", "said"]

# Share of what is said that tells of claims without making one.
QUOTED = 0.05
_SHORT = {
    "good": ("很好", "不错", "推荐", "good", "满意，会再来", "very nice", "质量可以"),
    "bad": ("不好", "一般", "not good", "不推荐", "失望"),
}
_OPEN = {
    "good": ("收到了，", "买给家人的，", "第二次买了，", "用了{n}天，", "Bought {n} of these: "),
    "bad": ("等了{n}天，", "买了{n}件，", "不太满意，", "After {n} days: ", "说实话，"),
}
_MIDDLE = {
    "good": (
        "颜色和图片一样",
        "大小正合适",
        "包装很仔细",
        "it fits well",
        "味道和以前一样",
        "手感舒服",
    ),
    "bad": ("颜色和图片不同", "包装随便", "比想的小", "客服不理人", "it took too long", "味道一般"),
}
_CLOSE = {
    "good": (
        "，会再来的。",
        "，{n}分给{m}分。",
        ", thanks.",
        "，朋友{m}人都说好。",
        "，值这个价。",
    ),
    "bad": ("，不会再买。", "，给{m}分。", ", not again.", "，跟店家说了{n}次。", "，可惜了。"),
}
# Words of a defect, as lexicons of quality look for them.
_DEFECTS = (
    "质量很差，开线了",
    "用了{n}天就坏了",
    "有色差还掉色",
    "做工粗糙",
    "it broke after {n} days",
)
_COPIED = (
    "宝贝收到了质量非常好物流也很快店家服务态度特别好下次还会再来光顾",
    "真的超级喜欢和描述的一模一样包装精美送人自用都很合适强烈推荐给大家",
    "Excellent quality and fast delivery, exactly as described, will buy again from this shop",
)
_SAID = (
    "欢迎来到直播间",
    "这一款有{n}个颜色",
    "今天的价格是{n}元",
    "下单以后{m}天内发货",
    "尺码偏小，可以拍大一码",
    "thank you for watching",
)
# What honest hosts say of claims that they do not make.
_QUOTED = (
    "平台规定不能说国家级，我们不说",
    "有人说用{n}天一定见效，我可不敢这么讲",
    "客户问是不是全网最好，大家自己比",
    "别信什么百分百有效，要看检测报告",
    "第一次来的朋友点个关注，第{m}件半价",
    "we are not allowed to say best in the world",
)
_CLAIMED = ("全网最好，没有第二", "用{n}天一定见效，无效退款", "国家级的品质，绝对第一")


def _filled(draw: np.random.Generator, phrases: tuple[str, ...], rows: int) -> list[str]:
    which = draw.integers(0, len(phrases), rows).tolist()
    n, m = draw.integers(2, 999, rows).tolist(), draw.integers(2, 99, rows).tolist()
    return [phrases[w].format(n=a, m=b) for w, a, b in zip(which, n, m, strict=True)]


def review_texts(
    draw: np.random.Generator, stars: Array, complains: Array, written: Array
) -> Array:
    """Return texts of reviews, None where nothing is written."""
    out = np.full(len(stars), None, dtype=object)
    for mood, here in (("good", written & (stars > 2)), ("bad", written & (stars <= 2))):
        at = np.flatnonzero(here & ~complains)
        short = draw.random(len(at)) < 0.5
        out[at[short]] = _filled(draw, _SHORT[mood], int(short.sum()))
        at = at[~short]
        parts = [_filled(draw, side[mood], len(at)) for side in (_OPEN, _MIDDLE, _CLOSE)]
        out[at] = ["".join(three) for three in zip(*parts, strict=True)]
    at = np.flatnonzero(written & complains)
    parts = [_filled(draw, side, len(at)) for side in (_DEFECTS, _CLOSE["bad"])]
    out[at] = ["".join(two) for two in zip(*parts, strict=True)]
    return out


def copied_texts(draw: np.random.Generator, group: Array) -> Array:
    """Return the same long text for all reviews of one group."""
    out = np.full(len(group), None, dtype=object)
    for number in np.unique(group).tolist():
        text = _COPIED[number % len(_COPIED)]
        out[group == number] = f"{text} {int(draw.integers(100, 1000))}"
    return out


def said(draw: np.random.Generator, claims: Array) -> Array:
    """Return what a host says: a claim that nobody could keep, or what hosts always say."""
    out = np.full(len(claims), None, dtype=object)
    quoted = ~claims & (draw.random(len(claims)) < QUOTED)
    for here, phrases in ((claims, _CLAIMED), (quoted, _QUOTED), (~claims & ~quoted, _SAID)):
        out[here] = _filled(draw, phrases, int(here.sum()))
    return out
