"""English and Chinese texts of drift and of the gate."""

from __future__ import annotations

from typing import Any

__all__ = ["text"]

_TEXTS: dict[str, tuple[str, str]] = {
    "rows": (
        "{reference} merchants in the reference, {current} now",
        "参照期 {reference} 家商家，当前 {current} 家",
    ),
    "mean": (
        "Mean index {old:.2f} -> {new:.2f} ({change:+.3f}, standard error {error:.3f})",
        "平均指数 {old:.2f} -> {new:.2f}（{change:+.3f}，标准误 {error:.3f}）",
    ),
    "no_mean": ("No merchant of one side has an index.", "有一侧没有任何商家得到指数。"),
    "verdicts": ("Looked at {looks} distributions: {found}", "共比较 {looks} 个分布：{found}"),
    "nothing": ("No drift beyond chance.", "没有超出随机波动的漂移。"),
    "signals": ("Drift", "漂移"),
    "points": ("Where the change of the mean index comes from (points)", "平均指数变动来源（分）"),
    "months": ("By month", "按月"),
    "worst_month": ("Worst month: {month} ({name})", "漂移最大的月份：{month}（{name}）"),
    "still_month": ("No month drifted beyond chance.", "没有任何月份超出随机波动。"),
    "no_month": ("{count} rows without a month are in no line above", "{count} 行没有月份，未列入"),
    "rules": ("rules", "规则"),
    "mix": ("mix of {name}", "{name} 构成"),
    "more": ("and {count} more", "另有 {count} 项"),
    "col_name": ("", ""),
    "col_psi": ("PSI", "PSI"),
    "col_by_chance": ("by chance", "随机水平"),
    "col_p": ("p", "p 值"),
    "col_js": ("JS", "JS"),
    "col_utility": ("utility", "效用"),
    "col_unknown": ("unknown", "未知"),
    "col_points": ("points", "分"),
    "col_verdict": ("verdict", "判定"),
    "col_month": ("month", "月份"),
    "col_rows": ("merchants", "商家"),
    "col_mean": ("mean", "均值"),
    "col_change": ("change", "变动"),
    "col_drifted": ("drifted", "漂移数"),
    "col_worst": ("worst", "最大"),
    "none": ("none", "无"),
    "not_collected": ("not collected", "未采集"),
    "noise": ("noise", "噪声"),
    "slight": ("slight", "轻微"),
    "moderate": ("moderate", "中等"),
    "large": ("large", "较大"),
    # The gate
    "col_line": ("line", "界限"),
    "col_value": ("value", "数值"),
    "col_by": ("beyond by", "超出"),
    "col_noise": ("noise", "噪声"),
    "at_least": (">= {bound}", ">= {bound}"),
    "at_most": ("<= {bound}", "<= {bound}"),
    "holds": ("holds", "通过"),
    "warning": ("within noise", "噪声之内"),
    "fails": ("FAILS", "不通过"),
    "gate_passed": (
        "All {count} lines hold ({warnings} crossed within noise).",
        "{count} 条界限全部通过（{warnings} 条在噪声之内越线）。",
    ),
    "gate_failed": (
        "{failed} of {count} lines fail ({warnings} crossed within noise).",
        "{count} 条界限中 {failed} 条不通过（{warnings} 条在噪声之内越线）。",
    ),
}


def text(key: str, lang: str = "en", **values: Any) -> str:
    """Return a text in a language.

    Examples
    --------
    >>> text("large", "zh"), text("more", count=3)
    ('较大', 'and 3 more')
    """
    return _TEXTS[key][1 if lang == "zh" else 0].format(**values)
