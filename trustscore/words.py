"""English and Chinese texts of the program itself; the words of signals are in the scorecard."""

from __future__ import annotations

from typing import Any

__all__ = ["LANGUAGES", "named", "right", "text", "unit"]

LANGUAGES = ("en", "zh")

_TEXTS: dict[str, tuple[str, str]] = {
    # Headings
    "trust_index": ("Trust index", "信任指数"),
    "interval": ("90 % interval", "90% 区间"),
    "prior_index": ("unknown merchant", "未知商家"),
    "coverage": ("coverage", "证据覆盖"),
    "status": ("Status", "状态"),
    "tier": ("Tier", "等级"),
    "rights": ("Rights", "权益"),
    "duties": ("Duties", "义务"),
    "scorecard": ("Scorecard", "评分卡"),
    "dimensions": ("Dimensions", "维度"),
    "stages": ("Stages", "环节"),
    "losses": ("Largest losses", "主要失分"),
    "gains": ("Largest gains", "主要得分"),
    "account": ("Account", "计分"),
    "adjustments": ("Adjustments", "加减分"),
    "vetoes": ("Caps and vetoes", "封顶与否决"),
    "no_evidence": ("No evidence", "缺少证据"),
    "plan": ("Towards {tier}", "升至“{tier}”"),
    "index": ("index", "指数"),
    "weight": ("weight", "权重"),
    "gained": ("gained", "得分"),
    "lost": ("lost", "失分"),
    # Status
    "formal": ("formal", "正式"),
    "new": ("new", "新商家"),
    "low_evidence": ("low evidence", "证据不足"),
    "not_scored": ("not scored", "未评分"),
    # The three kinds of nothing, and withheld
    "known": ("known", "已知"),
    "unknown": ("unknown: the prior stands in", "未知：以先验值代替"),
    "withheld": (
        "withheld: evidence must exist but is blank, which costs {points} points",
        "未提供：应有数据却为空，因此扣 {points} 分",
    ),
    "without_whole": (
        "{count} of 0: counted on top of the prior, but no evidence of a rate",
        "0 中 {count}：计入先验值，但不足以说明比率",
    ),
    "left_out": (
        "Left out for want of evidence, the weight shared out",
        "因缺少证据未计入，权重由其余各项分担",
    ),
    "not_applicable": ("not applicable", "不适用"),
    "not_collected": ("not collected", "未采集"),
    # Account lines
    "start": ("Full marks", "满分"),
    "start_zero": ("Nothing", "零分"),
    "others": ("{count} other signals", "其余 {count} 项指标"),
    "lost_total": ("Lost by signals", "各项失分"),
    "raw_index": ("Index before rules", "规则前指数"),
    "limit": ("Limit of the scale", "量程上下限"),
    "cap": ("Cap", "封顶"),
    "none": ("none", "无"),
    "of": ("{count} of {sample}", "{sample} 中 {count}"),
    "from_sample": ("{value} from {sample}", "{value}（样本 {sample}）"),
    "effect_cap": ("the index stays at {cap} or below", "指数不高于 {cap}"),
    "effect_floor": ("ranked below all others", "排序置底"),
    "effect_block": ("taken out of the ranking", "不参与排序"),
    # Plan
    "plan_top": ("The highest tier is held.", "已是最高等级。"),
    "plan_has": ("{tier} or a higher tier is held.", "已达到或高于“{tier}”。"),
    "plan_no_ladder": ("The scorecard has no tiers.", "此评分卡未设等级。"),
    "plan_held": (
        "The figures suffice already; the ladder moves one step a review, and after the minimum "
        "stay.",
        "数据已达标；等级每次评审最多升一级，且须满足最短停留期。",
    ),
    "plan_needs": ("Needs an index of {at} or more.", "要求指数不低于 {at}。"),
    "plan_needs_bound": (
        "Needs an index of {at} after {z} x its standard error is taken off (now {bound}), "
        "coverage of {coverage} (now {coverage_now}), and status formal.",
        "要求指数减去 {z} 个标准误后不低于 {at}（现为 {bound}），证据覆盖不低于 {coverage}"
        "（现为 {coverage_now}），且状态为正式。",
    ),
    "plan_lift": ("Lift first:", "须先解除："),
    "plan_evidence": ("Evidence first:", "须先补足证据："),
    "plan_status": (
        "{column}: {now} now, {need} needed to leave the status new",
        "{column}：现为 {now}，达到 {need} 方可脱离新商家状态",
    ),
    "plan_coverage": ("coverage: {now} now, {need} needed", "证据覆盖：现为 {now}，需达到 {need}"),
    "plan_collected": (
        "columns for {now} of the scorecard's weight were collected; status formal takes {need}",
        "已采集字段仅占评分卡权重的 {now}，达到 {need} 方可为正式状态",
    ),
    "plan_volume": (
        "about {factor} times the present number of orders and reviews, at the figures below",
        "订单与评价数量约为目前的 {factor} 倍，且各项达到下列水平",
    ),
    "plan_volume_alone": (
        "about {factor} times the present number of orders and reviews, at the same figures",
        "订单与评价数量约为目前的 {factor} 倍，各项水平不变",
    ),
    "plan_unknown": ("figures that would add evidence: {signals}", "可补充的数据：{signals}"),
    "plan_alone": ("One of these is enough:", "以下任意一项即可："),
    "plan_together": ("These together are enough:", "以下各项须同时达到："),
    "plan_change": (
        "{signal}: from {before} to {after} ({points} points)",
        "{signal}：由 {before} 到 {after}（{points} 分）",
    ),
    "plan_no": (
        "Not within reach: with every known signal at full marks the figure would be {best}.",
        "暂无法达到：即使所有已知项均为满分，也只有 {best}。",
    ),
    # Reviews of operating rights
    "review_first_review": ("first review, index {index:.1f}", "首次评定，得分 {index:.1f}"),
    "review_kept": ("index {index:.1f}", "得分 {index:.1f}"),
    "review_raised": (
        "index {index:.1f}, less {z:g} standard errors {bound:.1f}, coverage {coverage:.2f};"
        " {tier} asks {at:g} and {need:.2f}",
        "得分 {index:.1f}，减去 {z:g} 倍标准误为 {bound:.1f}，证据覆盖 {coverage:.2f}；"
        "“{tier}”要求 {at:g} 和 {need:.2f}",
    ),
    "review_lowered": (
        "index {index:.1f}, coverage {coverage:.2f}; staying {tier} asks {line:g} and {keep:.2f}",
        "得分 {index:.1f}，证据覆盖 {coverage:.2f}；保持“{tier}”要求 {line:g} 和 {keep:.2f}",
    ),
    "review_below_line": (
        "index {index:.1f}, coverage {coverage:.2f}; staying {tier} asks {line:g} and {keep:.2f};"
        " review {below:.0f} below, {most} in a row lower the tier",
        "得分 {index:.1f}，证据覆盖 {coverage:.2f}；保持“{tier}”要求 {line:g} 和 {keep:.2f}；"
        "已连续 {below:.0f} 次低于要求，连续 {most} 次将降级",
    ),
    "review_veto": ("veto {veto}, at once", "触发否决 {veto}，立即生效"),
    "review_minimum_stay": (
        "may rise at a review from {stay_until} on",
        "{stay_until} 起的评定可升级",
    ),
    "review_announced": ("announced earlier, from {since}", "此前已通知，{since} 起生效"),
    "review_not_scored": ("no evidence: nothing changes", "缺少证据，维持不变"),
    "review_absent": ("not in the scores: nothing changes", "不在本次评分中，维持不变"),
    "review_one_step": ("; one step a review", "；每次评定最多升一级"),
    # What changed
    "compare_both": (
        "{both} merchants on both sides, {scored} of them scored on both; {new} new, {gone} gone",
        "两侧共有 {both} 家商家，其中 {scored} 家均有得分；新增 {new} 家，消失 {gone} 家",
    ),
    "compare_began": (
        "{began} were not scored before, {ceased} are not scored any more",
        "{began} 家此前未评分，{ceased} 家不再评分",
    ),
    "compare_mean": (
        "Mean index {old:.2f} -> {new:.2f} ({change:+.2f}); {moved} moved by .05 points or more",
        "平均指数 {old:.2f} -> {new:.2f}（{change:+.2f}）；{moved} 家变动不少于 0.05 分",
    ),
    "compare_no_change": ("Nothing moved.", "没有变动。"),
    "compare_parts": ("Where the change comes from (mean points)", "变动来源（平均分）"),
    "compare_signals": ("Signals that moved the mean most", "对平均值影响最大的指标"),
    "compare_rules": ("Rules", "规则"),
    "compare_tiers": (
        "Tiers: {won} merchants climbed, {lost} fell",
        "等级：{won} 家上升，{lost} 家下降",
    ),
    "compare_fell": ("Fell most", "下降最多"),
    "compare_rose": ("Rose most", "上升最多"),
    "compare_scorecards": ("{old} and {new} differ:", "{old} 与 {new} 的差异："),
    "compare_more": ("and {count} more", "另有 {count} 项"),
    "part_figure": ("figures", "指标数值"),
    "part_evidence": ("evidence", "证据量"),
    "part_applicability": ("what applies", "适用范围"),
    "part_peers": ("category and shop type", "类目与店铺类型"),
    "part_rule": ("rules", "规则"),
    "part_scorecard": ("scorecard", "评分卡"),
    "part_points": ("points", "得分"),
    "part_of_signal": ("{signal} ({part})", "{signal}（{part}）"),
    "merchants": ("merchants", "商家数"),
    "points": ("points", "分"),
    "plan_no_evidence": (
        "What to improve cannot be said before the evidence is there.",
        "补足证据之前，无法指出应改进之处。",
    ),
}


# Units are written in English in a scorecard; one that is not here is shown as it stands.
_UNITS = {
    "characters": "字",
    "days": "天",
    "h": "小时",
    "photos": "张",
    "points": "分",
    "s": "秒",
    "stars": "星",
    "times": "倍",
}


# Rights are ids in a scorecard; one that is not here is shown as it stands.
_RIGHTS = {
    "affiliate_pool": "联盟精选",
    "campaigns": "平台活动",
    "early_settlement": "提前结算",
    "guarantee_badge": "保障标识",
    "pre_review": "事前审核",
    "homepage_pool": "首页推荐",
    "live_selling": "直播带货",
    "mall_feed": "商城推荐",
    "paid_ads": "付费推广",
    "prize_draws": "抽奖",
    "search": "搜索",
    "shop_page": "店铺主页",
    "trust_badge": "信任标识",
}


def right(name: str, lang: str) -> str:
    """Return a right in a language.

    Examples
    --------
    >>> right("search", "zh"), right("search", "en"), right("own_right", "zh")
    ('搜索', 'search', 'own_right')
    """
    return _RIGHTS.get(name, name) if lang == "zh" else name


def unit(name: str, lang: str) -> str:
    """Return a unit in a language.

    Examples
    --------
    >>> unit("stars", "zh"), unit("stars", "en"), unit("kg", "zh")
    ('星', 'stars', 'kg')
    """
    return _UNITS.get(name, name) if lang == "zh" else name


def text(key: str, lang: str = "en", **values: Any) -> str:
    """Return a text in a language, English where there is no other.

    Parameters
    ----------
    key : str
        Name of the text.
    lang : {"en", "zh"}
    **values
        What to put into the places of the text.

    Examples
    --------
    >>> text("coverage", "zh"), text("of", count=3, sample=40)
    ('证据覆盖', '3 of 40')
    """
    pair = _TEXTS[key]
    return pair[1 if lang == "zh" else 0].format(**values)


def named(thing: Any, lang: str = "en") -> str:
    """Return the name of something with `en`, `zh` and maybe `id`, in a language.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> tier = SimpleNamespace(id="standard", en="Standard", zh="")
    >>> named(tier, "zh")
    'Standard'
    """
    return (thing.zh if lang == "zh" else "") or thing.en or getattr(thing, "id", "")
