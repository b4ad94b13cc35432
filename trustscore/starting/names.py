"""What the names of columns tell, in English and Chinese: direction, topic, identity, size.

An entry of a list is the beginning of a word of a name; with ``$`` at its end it is the whole word,
with ``_`` in it several words in a row, and in Chinese any part of the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = [
    "DATES",
    "FLAGS",
    "HIGHER",
    "IDENTIFIERS",
    "MEANS",
    "PERSONAL",
    "SHARES",
    "SIZES",
    "SURELY_HIGHER",
    "SURELY_LOWER",
    "TOPICS",
    "WAITS",
    "hit",
    "id_name",
    "slug",
    "words_of",
]


def _entries(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Of the first entries that match a name the direction is taken, in the order of these lists.
SURELY_HIGHER = _entries(
    """
    on_time ontime in_time timely resolved returning response_rate reply_rate acceptance
    verified certif no_complain zero_complain 准时 及时 按时 好评 满意率 满意度 合格 通过率
    解决率 回复率 响应率 应答率 正品
    """
)
SURELY_LOWER = _entries(
    """
    refund return complain late$ lateness$ delay cancel defect dispute negative fraud violat
    violation penalt fine$ fines$ fake counterfeit chargeback damage wrong missing missed abus
    block fail error overdue unresolved broken lost$ reject spam banned barred strike warning
    claim incident mismatch infring dissatisf unanswered stockout out_of_stock suspicious
    overprice bad$ hours hour$ minutes minute$ seconds wait duration latency response_time
    delivery_days days_to handling_time 退款 退货 退换 投诉 差评 延迟 延误 超时 违规 违约 处罚
    罚款 假 取消 纠纷 时长 小时 分钟 耗时 缺货 破损 错发 漏发 丢失 失败 不满 拒绝 举报 封禁 侵权
    异常 缺陷 逾期 中差评 低分 黑名单
    """
)
HIGHER = _entries(
    """
    rating score star positive good$ satisf repeat loyal success fulfil guarantee badge
    superhost recommend nps$ like favor favour quality trust complete accuracy tenure verif 评分
    满意 星级 认证 保障 复购 成功 达标 得分 推荐
    """
)

MEANS = _entries(
    """
    mean avg average rating score star stars 平均 均值 评分 得分 星级
    """
)
WAITS = _entries(
    """
    hours hour$ minutes minute$ seconds wait duration latency response_time delivery_days
    handling_time days_to 时长 小时 分钟 耗时
    """
)
SHARES = _entries("rate$ rates$ ratio$ share$ percent pct percentage proportion 率 占比 比例")
FLAGS = _entries(
    """
    is$ has$ flag was$ whether 是否 标记
    """
)

IDENTIFIERS = _entries(
    """
    id$ ids$ uid$ uuid guid code$ sku zip zipcode postcode postal prefix key$ hash$ url link$
    account$ 编号 编码 代码 邮编 序号 账号 链接
    """
)
PERSONAL = _entries(
    """
    phone mobile tel$ telephone fax email mail$ address addr$ passport ssn$ idcard id_card
    first_name last_name full_name surname contact birth gender iban bank_account latitude
    longitude lat$ lng$ lon$ 手机 电话 邮箱 身份证 姓名 地址 生日 联系 性别 经度 纬度 银行卡
    """
)
DATES = _entries(
    """
    date datetime timestamp year month day$ since$ created updated first_review last_review
    first_order last_order _at$ 日期 时间 年份 月份
    """
)
# Sizes of a merchant. They are the n of shares; an index that counts size feeds itself.
SIZES = _entries(
    """
    orders order order_count paid delivered shipped shipments deliveries sales sold revenue gmv
    turnover reviews review_count ratings rating_count reviewed sessions visits views followers
    fans items listings products units transactions parcels waybills cases chats rounds total
    num$ number_of count$ customers buyers bookings 订单 销量 销售 成交 评价数 评论数 评价总数
    会话 访问 浏览 粉丝 商品数 件数 总数 总量 单量 单数 发货量 人数
    """
)

# Topic: the names that tell it, the stage of the purchase, and the dimension in both languages.
TOPICS: dict[str, tuple[tuple[str, ...], str, str, str]] = {
    "delivery": (
        _entries(
            """
            late$ lateness delay deliver ship dispatch pickup parcel waybill logistic courier
            on_time ontime transit 物流 发货 配送 快递 延迟 延误 准时 按时 签收 超时 揽收
            """
        ),
        "receive",
        "Delivery",
        "物流配送",
    ),
    "after_sales": (
        _entries(
            """
            refund complain dispute chargeback aftersale after_sale claim warranty resolved
            unresolved 退款 投诉 售后 纠纷 赔付
            """
        ),
        "service",
        "After-sales service",
        "售后服务",
    ),
    "product_quality": (
        _entries(
            """
            quality review rating rated star defect return counterfeit fake product item
            negative positive damage mismatch feedback 质量 品质 评分 差评 好评 退货 商品 描述
            星级 假 正品 评价 评论
            """
        ),
        "use",
        "Product quality",
        "商品质量",
    ),
    "service_quality": (
        _entries(
            """
            response reply chat im$ message cancel answer attitude service host support wait
            stockout 客服 回复 响应 取消 咨询 服务 态度 缺货
            """
        ),
        "buy",
        "Service quality",
        "服务质量",
    ),
}

_IDS = _entries(
    """
    merchantid sellerid shopid storeid vendorid supplierid partnerid hostid accountid merchantno
    merchantcode merchant seller shop store vendor supplier host 商家id 商户id 店铺id 卖家id
    供应商id 主播id 商家编号 商户编号 店铺编号 卖家编号 商户号 商家 商户 店铺 卖家 id 编号
    listingid productid
    """
)

_SPELLED = {
    "退款": "refund",
    "退货": "return",
    "投诉": "complaint",
    "差评": "negative_review",
    "好评": "positive_review",
    "评分": "rating",
    "评价": "review",
    "评论": "review",
    "订单": "order",
    "发货": "shipment",
    "延迟": "delay",
    "超时": "late",
    "准时": "on_time",
    "及时": "timely",
    "取消": "cancel",
    "纠纷": "dispute",
    "违规": "violation",
    "客服": "service",
    "回复": "reply",
    "响应": "response",
    "商品": "product",
    "店铺": "shop",
    "物流": "logistics",
    "质量": "quality",
    "平均": "mean",
    "时长": "duration",
    "小时": "hours",
    "满意": "satisfaction",
    "认证": "verified",
    "率": "rate",
    "数": "count",
}


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """Return the words of a name, in lower case.

    Examples
    --------
    >>> words_of("lateDeliveries_30d"), words_of("HTTPErrors")
    (('late', 'deliveries', '30d'), ('http', 'errors'))
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return tuple(word for word in re.split(r"[\W_]+", apart.lower()) if word)


def hit(name: str, entries: Iterable[str]) -> str:
    """Return the first entry of a list that a name matches; empty when none does.

    Examples
    --------
    >>> hit("refunds_30d", SURELY_LOWER), hit("latest", SURELY_LOWER), hit("30天退款率", SHARES)
    ('refund', '', '率')
    """
    words = words_of(name)
    joined = "_" + "_".join(words) + "_"
    for entry in entries:
        whole, bare = entry.endswith("$"), entry.rstrip("$").strip("_")
        if not bare.isascii():
            found = bare in name
        elif "_" in bare:
            found = f"_{bare}" in joined
        elif whole:
            found = bare in words
        else:
            found = any(word.startswith(bare) for word in words)
        if found:
            return bare
    return ""


def id_name(names: Iterable[str]) -> str | None:
    """Return the column whose name says most clearly that it names the merchant.

    Examples
    --------
    >>> id_name(["Shop Name", "Shop ID", "orders"]), id_name(["orders", "stars"]) is None
    ('Shop ID', True)
    """
    folded = {re.sub(r"[\s_\-\ufeff]+", "", name).casefold(): name for name in reversed([*names])}
    for each in _IDS:
        if each in folded:
            return folded[each]
    return next((name for key, name in folded.items() if key.endswith(("id", "编号"))), None)


def slug(name: str, place: int) -> str:
    """Return a name of letters, digits and underscores for a column.

    Examples
    --------
    >>> slug("Refund rate (%)", 3), slug("退款率", 3), slug("\U0001f600", 3), slug("30d late", 1)
    ('refund_rate', 'refund_rate', 'column_3', 'c_30d_late')
    """
    text = name
    for word, spelled in _SPELLED.items():
        text = text.replace(word, f"_{spelled}_")
    words = [word for word in words_of(text) if word.isascii()]
    made = "_".join(words)[:60].strip("_")
    if not made:
        return f"column_{place}"
    return made if made[0].isalpha() else f"c_{made}"
