"""English and Chinese texts of the report; those of other commands stand in `trustscore.words`."""

from __future__ import annotations

from typing import Any

from trustscore.words import named, text

__all__ = ["Pair", "capital", "column_pair", "names", "pair", "plain_pair"]

Pair = tuple[str, str]
"""A text in English and in Chinese."""

_TEXTS: dict[str, Pair] = {
    "title": ("Trust report", "信任指数报告"),
    "title_public": ("Trust report for the public", "信任指数公开报告"),
    "title_compare": ("What changed", "变动报告"),
    "skip": ("Skip to the content", "跳到正文"),
    "contents": ("Contents", "目录"),
    "language": ("Language", "语言"),
    "theme": ("Light or dark", "明暗主题"),
    "print": ("Print", "打印"),
    "made": ("Made {day} with {stamp}", "{day} 生成，评分卡 {stamp}"),
    "source": ("Source", "来源"),
    # Overview
    "overview": ("Overview", "概览"),
    "merchants": ("Merchants", "商家"),
    "scored": ("Scored", "已评分"),
    "mean_index": ("Mean index", "平均指数"),
    "median_index": ("Median index", "指数中位数"),
    "formal": ("Formal status", "正式状态"),
    "mean_coverage": ("Mean coverage", "平均证据覆盖"),
    "rejected": ("Rows rejected", "被拒行数"),
    "since": ("{change} since the previous export", "较上期 {change}"),
    "middle_half": ("the middle half: {low} to {high}", "中间一半：{low} 至 {high}"),
    "unknown_gets": ("an unknown merchant gets {prior}", "未知商家为 {prior}"),
    "of_all": ("{share} of all", "占全部 {share}"),
    "index_chart": ("Merchants by trust index", "商家的信任指数分布"),
    "index_chart_desc": (
        "Histogram of {n} indices from 0 to 100 in steps of one point. Mean {mean}, median"
        " {median}. Dashed lines are the tiers.",
        "{n} 个指数的直方图，0 至 100，步长 1 分。平均 {mean}，中位数 {median}。虚线为等级线。",
    ),
    "tiers": ("Tiers", "等级"),
    "tier": ("Tier", "等级"),
    "at": ("From index", "指数不低于"),
    "share": ("Share", "占比"),
    "rights": ("Rights", "权益"),
    "no_tier": ("No tier", "无等级"),
    "statuses": ("Statuses", "状态"),
    "status": ("Status", "状态"),
    "dimensions": ("Dimensions", "维度"),
    "dimension": ("Dimension", "维度"),
    "weight": ("Weight", "权重"),
    "mean": ("Mean", "平均"),
    "distribution": ("Distribution", "分布"),
    "stages": ("Stages of a purchase", "购物环节"),
    "stage": ("Stage", "环节"),
    "gained": ("Gained", "得分"),
    "lost": ("Lost", "失分"),
    "balance": ("Gained and lost", "得失"),
    "spread_desc": (
        "Histogram of points from 0 to 100, mean {mean}.",
        "0 至 100 分的直方图，平均 {mean}。",
    ),
    "balance_desc": ("{gained} points gained, {lost} lost.", "得 {gained} 分，失 {lost} 分。"),
    # Movers
    "movers": ("What moved", "变动"),
    "old_index": ("Before", "此前"),
    "new_index": ("Now", "现在"),
    "change": ("Change", "变动"),
    "why": ("Mainly by", "主要原因"),
    "part": ("Part", "来源"),
    "mean_points": ("Mean points", "平均分"),
    "moved": ("Merchants that moved", "有变动的商家"),
    "moved_of": ("by .05 points or more, of {n}", "变动不少于 0.05 分，共 {n} 家"),
    "tiers_won": ("Climbed a tier", "升级"),
    "tiers_lost": ("Fell a tier", "降级"),
    "new": ("New", "新增"),
    "gone": ("Gone", "消失"),
    "others": ("All others", "其余"),
    "other_tiers": ("Tiers marked ✱ above", "上表标 ✱ 的等级"),
    "last_was": ("{value} the year before", "上一年为 {value}"),
    "tier_moves": ("Tiers won and lost", "等级变动"),
    "scorecard_changes": ("Changes of the scorecard", "评分卡的变动"),
    # Signals
    "signals": ("Signals", "指标"),
    "signals_note": (
        "Every strip runs from worse on the left to better on the right. The red line is the poor"
        " anchor, worth nothing; the green one is good, worth full marks. The ends hold all that"
        " lies beyond.",
        "每条分布自左向右由差到好。红线为差锚点（零分），绿线为好锚点（满分）；两端含其外的所有商家。",
    ),
    "signal": ("Signal", "指标"),
    "anchors": ("Poor to good", "差锚点至好锚点"),
    "known": ("With figures", "有数据"),
    "withheld": ("Withheld", "未提供"),
    "utility": ("Mean utility", "平均效用"),
    "mean_lost": ("Mean points lost", "平均失分"),
    "strip_desc": (
        "{n} figures, poor {poor}, good {good}; {below} at or beyond poor, {above} at or beyond"
        " good.",
        "{n} 个数据，差 {poor}，好 {good}；差锚点及以外 {below}，好锚点及以外 {above}。",
    ),
    # Rules
    "rules": ("Rules and caps", "规则与封顶"),
    "rule": ("Rule", "规则"),
    "effect": ("Effect", "效果"),
    "fired": ("Merchants", "商家数"),
    "points_all": ("Points in the mean", "对平均的影响"),
    "capped": (
        "{n} merchants have a lower index because of a cap.",
        "{n} 家商家的指数因封顶而降低。",
    ),
    "no_rules": ("The scorecard has no rules.", "此评分卡没有规则。"),
    "does_bonus": ("adds {points}", "加 {points} 分"),
    "does_deduct": ("takes off {points}", "减 {points} 分"),
    "does_right": ("gives the right {grants}", "获得权益 {grants}"),
    "does_duty": ("gives the duty {grants}", "承担义务 {grants}"),
    # Rejects
    "rejects": ("Rejected rows", "被拒行"),
    "rejects_none": ("No row was rejected.", "没有被拒的行。"),
    "rejects_of": ("By {file}.", "依据 {file}。"),
    "reason": ("Reason", "原因"),
    "column": ("Column", "字段"),
    "rows": ("Rows", "行数"),
    # Drift
    "drift": ("Drift", "漂移"),
    "drift_note": (
        "{looks} distributions compared with those of the previous export, unknown figures as a"
        " value of their own. Listed is what chance does not explain.",
        "与上期比较 {looks} 个分布，未知单列为一档；仅列出随机波动无法解释者。",
    ),
    "drift_more": ("and {n} more", "另有 {n} 项"),
    # Table
    "all": ("Merchants", "商家列表"),
    "search": ("Search by id", "按编号搜索"),
    "any_tier": ("Any tier", "全部等级"),
    "any_status": ("Any status", "全部状态"),
    "table_caption": ("Merchants, lowest index first", "商家，指数由低到高"),
    "table_part": (
        "The table holds the {rows} lowest and chosen merchants of {total}.",
        "表中为指数最低的 {rows} 家及所选商家，共 {total} 家。",
    ),
    "merchant": ("Merchant", "商家"),
    "index": ("Index", "指数"),
    "coverage": ("Coverage", "证据覆盖"),
    "boost": ("Boost", "加权系数"),
    "previous": ("Previous", "上一页"),
    "next": ("Next", "下一页"),
    "found": ("{from} to {to} of {count}", "第 {from} 至 {to} 家，共 {count} 家"),
    "none_found": ("No merchant matches.", "没有符合条件的商家。"),
    "too_old": (
        "The table needs a browser of 2023 or later.",
        "此表格需要 2023 年或更新的浏览器。",
    ),
    "no_script": (
        "The searchable table needs JavaScript; all else is readable without.",
        "可搜索的表格需要 JavaScript；其余内容无需脚本即可阅读。",
    ),
    # Panels
    "panels": ("Chosen merchants", "所选商家"),
    "panels_part": (
        "The {shown} lowest of {count} merchants below the tier have a panel.",
        "低于该等级的 {count} 家商家中，仅列出最低的 {shown} 家。",
    ),
    "waterfall": ("From full marks to the index", "从满分到指数"),
    "waterfall_desc": (
        "{name}: the bars lead from 100 to {index}, by what signals lost and rules did.",
        "{name}：从 100 分到 {index} 分，逐项列出指标失分与规则加减。",
    ),
    "interval": ("90 % interval {low} to {high}", "90% 区间 {low} 至 {high}"),
    "history": ("Since the previous export", "与上期相比"),
    "history_none": (
        "Not in the previous export, or not scored there.",
        "上期没有该商家或未评分。",
    ),
    "plan": ("Plan to the next tier", "升级方案"),
    "caps": ("Caps and vetoes", "封顶与否决"),
    # Public report
    "public_note": (
        "Figures of fewer than {k} merchants are withheld, marked {mark}, and others with them"
        " where a difference of shown figures would tell them. No merchant is named.",
        "涉及少于 {k} 家商家的数字以 {mark} 隐去；凡可由差额推出者亦一并隐去。"
        "报告不含任何商家名称。",
    ),
    "withheld_cell": ("withheld", "隐去"),
    "definitions": ("What the index is", "指数的定义"),
    "definition_text": (
        "The trust index runs from 0 to 100. It is made of {signals} signals in {dimensions}"
        " dimensions. Each signal compares a figure of the merchant with two anchors: at the poor"
        " one it is worth nothing, at the good one full marks. Few orders count as little evidence:"
        " then the figure is drawn towards what is usual.",
        "信任指数为 0 至 100 分，由 {dimensions} 个维度的 {signals} 项指标构成。"
        "每项指标将商家数据与两个锚点比较：差锚点得零分，好锚点得满分。订单少则证据少，数据向一般水平靠拢。",
    ),
    "year_on_year": ("Compared with the year before", "与上一年相比"),
    "this_year": ("This year", "本年"),
    "last_year": ("Year before", "上一年"),
    "by": ("By {column} and tier", "按{column}与等级"),
    "no_value": ("Not given", "未填写"),
    "total": ("Total", "合计"),
    "category": ("category", "类目"),
    "region": ("region", "地区"),
    "shop_type": ("shop type", "店铺类型"),
    "why_signal": ("reason", "理由"),
}


def pair(key: str, /, **values: Any) -> Pair:
    """Return a text in both languages.

    A value may itself be a pair; each language takes its own.

    Examples
    --------
    >>> pair("by", column=("region", "地区"))
    ('By region and tier', '按地区与等级')
    """
    en, zh = (
        {name: value[at] if isinstance(value, tuple) else value for name, value in values.items()}
        for at in (0, 1)
    )
    templates = _TEXTS[key]
    return templates[0].format(**en), templates[1].format(**zh)


def names(thing: Any) -> Pair:
    """Return the names of something with `en`, `zh` and maybe `id`."""
    return named(thing, "en"), named(thing, "zh")


def plain_pair(key: str, /, **values: Any) -> Pair:
    """Return a text of `trustscore.words` in both languages."""
    return text(key, "en", **values), text(key, "zh", **values)


def capital(texts: Pair) -> Pair:
    """Return a text that begins with a capital letter.

    Examples
    --------
    >>> capital(("low evidence", "证据不足"))
    ('Low evidence', '证据不足')
    """
    return texts[0][:1].upper() + texts[0][1:], texts[1]


def column_pair(name: str) -> Pair:
    """Return the name of a column of the export, in both languages where they are known."""
    return _TEXTS[name] if name in ("category", "region", "shop_type") else (name, name)
