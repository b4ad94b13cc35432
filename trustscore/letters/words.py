"""English and Chinese texts of letters; what only the platform knows stands in its terms."""

from __future__ import annotations

from typing import Any

__all__ = ["text"]

_TEXTS: dict[str, tuple[str, str]] = {
    "title": ("Your trust index and what your shop may do", "信任指数与店铺权益通知"),
    "to": ("Shop", "店铺"),
    "dated": ("Date", "日期"),
    "colon": (": ", "："),
    "comma": (", ", "、"),
    # Summary
    "summary": ("Summary", "摘要"),
    "trust_index": ("Trust index", "信任指数"),
    "index_of": (
        "{index} of 100 (90 % interval {low} to {high})",
        "{index}，满分 100（90% 区间 {low} 至 {high}）",
    ),
    "not_scored": (
        "none: there is no evidence yet, and nothing changes",
        "暂无：尚无证据，维持不变",
    ),
    "before": ("Before", "此前"),
    "tier": ("Tier", "等级"),
    "tier_same": ("{tier}, as before", "{tier}，维持不变"),
    "tier_rose": ("{tier}, raised from {before}", "{tier}，由“{before}”升级"),
    "tier_fell": ("{tier}, lowered from {before}", "{tier}，由“{before}”降级"),
    "tier_first": ("{tier}, for the first time", "{tier}，首次评定"),
    "none": ("none", "无"),
    "status": ("Status", "状态"),
    "status_of": ("{status}; coverage {coverage}", "{status}；证据覆盖 {coverage}"),
    "rights": ("Rights", "权益"),
    "gained_rights": ("New rights", "新增权益"),
    "lost_rights": ("Rights withdrawn", "取消的权益"),
    "duties": ("Duties", "义务"),
    "in_force": ("Restrictions begin", "限制最早生效日"),
    "until": ("You can object until", "申诉截止日"),
    # Restrictions
    "restrictions": ("What is restricted", "限制内容"),
    "no_restriction": (
        "Nothing is restricted by this letter.",
        "本通知未作任何限制。",
    ),
    "right_lost": ("Withdrawn: {names}", "取消：{names}"),
    "duty_laid": ("Duty: {names}", "义务：{names}"),
    "measure": ("Kind of restriction", "限制类型"),
    "measure_visibility": ("visibility of offers", "商品展示"),
    "measure_payment": ("payments", "款项支付"),
    "measure_service": ("the service, in whole or in part", "全部或部分服务"),
    "measure_account": ("the account", "账户"),
    "measure_other": ("other", "其他"),
    "effect": ("Effect", "效果"),
    "effect_deduct": ("{points} points of the index", "指数 {points} 分"),
    "from": ("In force from", "生效日"),
    "already": ("an earlier day; it goes on", "此前已生效，继续有效"),
    "ground_terms": ("Ground in the terms", "条款依据"),
    "ground_law": ("Ground in law", "法律依据"),
    "why": ("Why", "理由"),
    "terminates": ("Ends the service", "终止服务"),
    "yes": ("yes", "是"),
    "scope": ("Where", "适用范围"),
    "duration": ("How long", "期限"),
    # Facts
    "facts": ("Facts relied on", "认定事实"),
    "basis": ("What led to it", "触发原因"),
    "basis_own_initiative": ("our own review", "平台主动评审"),
    "basis_notice": ("a notice of somebody else", "他人举报"),
    "basis_both": ("our own review and a notice of somebody else", "平台主动评审与他人举报"),
    "condition": (
        "{column} is {value}; the rule holds at {op} {line}",
        "{column} 为 {value}；规则条件 {op} {line}",
    ),
    "quotient": (
        "{column} / {over} is {value} ({part} / {whole}); the rule holds at {op} {line}",
        "{column} / {over} 为 {value}（{part} / {whole}）；规则条件 {op} {line}",
    ),
    "exceeds": (
        "{signal}: {k} of {n} ({rate}); the rule holds from {least} cases on, and where they are"
        " beyond {line} by more than chance",
        "{signal}：{n} 中 {k}（{rate}）；规则条件为不少于 {least} 例，且超过 {line} 并超出随机波动",
    ),
    "per": ("counted for {column} = {value}", "按 {column} = {value} 计"),
    "blank": ("blank", "空"),
    "no_rule": ("No rule or cap fired.", "未触发任何规则或封顶。"),
    "figures": (
        "The figures of your shop stand beside the reasons in the next section.",
        "贵店的各项数据列于下一节的扣分原因旁。",
    ),
    # Reasons
    "reasons": ("Reasons, the largest first", "扣分原因（由大到小）"),
    "start": ("Full marks", "满分"),
    "others": ("Other signals", "其余指标"),
    "rounding": ("Rounding", "四舍五入"),
    "of_index": (
        "These lines add up to the index.",
        "以上各行相加等于指数。",
    ),
    "evidence": (
        "A figure from few cases counts in part; for the rest stands what an unknown shop has.",
        "样本较少的数据仅部分计入，其余以未知商家的水平代替。",
    ),
    # Change
    "change": ("What changed since the last review", "自上次评审以来的变化"),
    "was": ("Index before", "此前指数"),
    "now": ("Index now", "当前指数"),
    "other_changes": ("Everything else", "其余变化"),
    "no_before": (
        "There is no earlier index to compare with.",
        "没有可供比较的此前指数。",
    ),
    # Automated means
    "automated": ("Automated means", "自动化手段"),
    "detected_yes": (
        "The facts were found by automated means.",
        "事实由自动化手段发现。",
    ),
    "detected_no": (
        "The facts were not found by automated means.",
        "事实并非由自动化手段发现。",
    ),
    "decided_yes": (
        "The decision was taken by automated means.",
        "决定由自动化手段作出。",
    ),
    "decided_no": (
        "The decision was not taken by automated means.",
        "决定并非由自动化手段作出。",
    ),
    # Ranking
    "ranking": ("What counts, and how much", "主要参数与权重"),
    "parameter": ("Dimension", "维度"),
    "weight": ("Weight", "权重"),
    "lost": ("Points lost", "失分"),
    "described": ("Described in", "说明见"),
    # Plan
    "plan": ("The way up", "升级路径"),
    # Appeal
    "appeal": ("If you disagree", "如有异议"),
    "address": ("Send your objection to", "申诉提交至"),
    "deadline": ("Until", "截止日"),
    "deadline_of": ("{day} ({days} days after this letter)", "{day}（本通知之日起 {days} 天内）"),
    "how": ("How", "方式"),
    "out_of_court": ("Outside the courts", "庭外解决"),
    "courts": ("Courts", "司法途径"),
    "contact": ("Contact", "联系方式"),
    "made_with": ("Scorecard {stamp}", "评分卡 {stamp}"),
}


def text(key: str, lang: str = "en", **values: Any) -> str:
    """Return a text in a language, English where there is no other.

    Examples
    --------
    >>> text("tier_same", "en", tier="Standard"), text("appeal", "zh")
    ('Standard, as before', '如有异议')
    """
    return _TEXTS[key][1 if lang == "zh" else 0].format(**values)
