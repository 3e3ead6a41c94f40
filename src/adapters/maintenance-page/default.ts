/** The built-in page: both texts in each language, readable without a style sheet or a script of anybody else. */
export const DEFAULT_PAGE = `<!doctype html>
<html lang="{% if languages[0] == 'zh' %}zh-CN{% else %}en{% endif %}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{% if languages[0] == 'zh' %}系统维护中{% else %}Down for maintenance{% endif %}: {{ service }}</title>
<style>
:root { color-scheme: light dark }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; font: 17px/1.6 system-ui, sans-serif; background: #f4f5f7; color: #1d2733 }
main { max-width: 34rem; margin: 1rem; padding: 2rem 2.4rem; background: #fff; border-top: 4px solid #d9822b; border-radius: 6px; box-shadow: 0 1px 6px #0002 }
section + section { margin-top: 1.6rem; padding-top: 1.4rem; border-top: 1px solid #0002 }
h1 { font-size: 1.5rem; margin: 0 0 .6rem }
p { margin: .4rem 0 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 1rem 0 0 }
dt { opacity: .65 }
dd { margin: 0 }
@media (prefers-color-scheme: dark) { body { background: #14181d; color: #e6e9ed } main { background: #1e242b } section + section { border-color: #fff3 } }
</style>
</head>
<body>
<main>
{% for language in languages %}
{% if language == 'zh' %}
<section lang="zh-CN">
<h1>{{ service }} 正在维护</h1>
<p>{{ content }}</p>
{% if late %}<p><strong>维护时间比计划的长，请稍后再试。</strong></p>{% endif %}
<dl>
<dt>开始时间</dt><dd>{{ from }}</dd>
<dt>预计恢复</dt><dd>{% if late %}原计划 {{ to }}，现已超时{% else %}{{ to }}{% endif %}</dd>
<dt>计划时长</dt><dd>{{ minutes }} 分钟</dd>
{% if contact != '' %}<dt>联系方式</dt><dd>{{ contact }}</dd>{% endif %}
</dl>
</section>
{% else %}
<section lang="en">
<h1>{{ service }} is down for maintenance</h1>
<p>{{ content }}</p>
{% if late %}<p><strong>It takes longer than planned. Please try again a little later.</strong></p>{% endif %}
<dl>
<dt>Since</dt><dd>{{ from }}</dd>
<dt>Expected back</dt><dd>{% if late %}was planned for {{ to }}{% else %}{{ to }}{% endif %}</dd>
<dt>Planned duration</dt><dd>{{ minutes }} minutes</dd>
{% if contact != '' %}<dt>Contact</dt><dd>{{ contact }}</dd>{% endif %}
</dl>
</section>
{% endif %}
{% endfor %}
</main>
</body>
</html>
`;
