/** What is said in Chinese. The first line is the title. */
import type { Texts } from './texts';

const CHANGE = '{{ cluster }} 上的 {{ service }} {{ version }}';

export const ZH: Texts = {
  began: {
    team: `${CHANGE}：变更已开始
共 {{ hosts }} 台主机，分 {{ batches }} 批。查看进展：pawl get {{ change }} --watch`,
    users: `{{ service }} 正在更新
更新已开始，期间可以正常使用。`,
    management: `${CHANGE}：变更已开始
将分批更新 {{ hosts }} 台主机，服务保持可用。`,
  },
  waitsForPerson: {
    team: `${CHANGE}：等待处理
{{ what }}
若 {{ until | moment }} 前无人答复：{{ then }}。答复方法：{{ command }}`,
    users: `{{ service }} 的更新需要更长时间
更新暂时停住，期间可以正常使用。`,
    management: `${CHANGE}：等待决定
变更已停住，最迟等到 {{ until | moment }}。团队已收到通知。`,
  },
  progress: {
    team: `${CHANGE}：{{ percent }}%
{{ hosts }} 台主机中已完成 {{ done }} 台，第 {{ batch }} 批，共 {{ batches }} 批。`,
    users: `{{ service }} 的更新正在进行
已完成 {{ percent }}%。`,
    management: `${CHANGE}：已完成 {{ percent }}%
{{ hosts }} 台主机中已有 {{ done }} 台使用新版本。`,
  },
  hostFailed: {
    team: `${CHANGE}：{{ host }} 失败
{{ why }}
查看：pawl get {{ change }}`,
    users: `{{ service }} 更新时出现故障
我们正在处理，期间可以正常使用。`,
    management: `${CHANGE}：一台主机失败
变更会按计划处理，团队已收到通知。`,
  },
  undone: {
    team: `${CHANGE}：{% if complete %}已恢复{% else %}未能恢复{% endif %}
{{ why }}
{% if complete %}所有改动均已还原。{% else %}还有遗留事项：pawl get {{ change }}{% endif %}`,
    users: `{{ service }} 的更新已撤回
{% if complete %}已恢复使用之前的版本。{% else %}团队正在处理。{% endif %}`,
    management: `${CHANGE}：{% if complete %}已撤回{% else %}未能撤回{% endif %}
{% if complete %}所有主机均已恢复之前的版本。{% else %}需要人工处理，团队已收到通知。{% endif %}`,
  },
  ended: {
    team: `${CHANGE}：结束（{{ end }}）
{{ summary }}
用时 {{ minutes }} 分钟。{% for todo in leftToDo %}
遗留事项：{{ todo }}{% endfor %}`,
    users: `{{ service }} 的更新{% if well %}已完成{% else %}未进行{% endif %}
{% if well %}新版本已启用。{% else %}我们会另行安排时间。{% endif %}`,
    management: `${CHANGE}：{% if well %}成功{% else %}未成功（{{ end }}）{% endif %}
用时 {{ minutes }} 分钟。{% if well %}新版本已启用。{% endif %}{% if leftToDo.size > 0 %}还有 {{ leftToDo.size }} 项遗留事项。{% endif %}`,
  },
  maintenanceAnnounced: {
    team: `{{ cluster }} 上的 {{ service }}：维护预告
{{ from | moment }} 至 {{ to | moment }}，共 {{ minutes }} 分钟：{{ why }}。联系人：{{ contact }}`,
    users: `{{ service }} 将于 {{ from | moment }} 维护
{{ to | moment }} 前无法使用：{{ why }}。请提前保存您的工作。咨询：{{ contact }}`,
    management: `{{ service }} 计划维护
{{ from | moment }} 至 {{ to | moment }} 期间用户无法使用：{{ why }}。`,
  },
  maintenanceStarted: {
    team: `{{ cluster }} 上的 {{ service }}：维护已开始
至 {{ to | moment }}：{{ why }}。联系人：{{ contact }}`,
    users: `{{ service }} 开始维护
预计 {{ to | moment }} 恢复：{{ why }}。咨询：{{ contact }}`,
    management: `{{ service }} 开始维护
将于 {{ to | moment }} 结束。`,
  },
  maintenanceExtended: {
    team: `{{ cluster }} 上的 {{ service }}：维护延长
现延长至 {{ to | moment }}：{{ why }}。联系人：{{ contact }}`,
    users: `{{ service }} 维护时间延长
预计 {{ to | moment }} 恢复，给您带来不便，敬请谅解。咨询：{{ contact }}`,
    management: `{{ service }} 维护时间延长
现预计 {{ to | moment }} 结束：{{ why }}。`,
  },
  maintenanceEnded: {
    team: `{{ cluster }} 上的 {{ service }}：维护结束
用时 {{ minutes }} 分钟：{{ why }}。`,
    users: `{{ service }} 已恢复使用
维护已结束。咨询：{{ contact }}`,
    management: `{{ service }} 维护结束
用时 {{ minutes }} 分钟。`,
  },
  maintenanceCancelled: {
    team: `{{ cluster }} 上的 {{ service }}：维护取消
原定 {{ from | moment }}：{{ why }}。联系人：{{ contact }}`,
    users: `{{ service }} 的维护已取消
{{ from | moment }} 可以正常使用。咨询：{{ contact }}`,
    management: `{{ service }} 的维护已取消
原定 {{ from | moment }}：{{ why }}。`,
  },
  alert: {
    team: `告警：{{ cluster }} 上的 {{ service }}
{{ what }}，始于 {{ since | moment }}。影响：{{ effect }}。预计：{{ expected }}`,
    users: `{{ service }} 出现故障
{{ effect }}。预计：{{ expected }}。恢复后我们会通知您。`,
    management: `{{ service }} 故障，始于 {{ since | moment }}
影响：{{ effect }}。预计：{{ expected }}。团队正在处理。`,
  },
  allClear: {
    team: `故障解除：{{ cluster }} 上的 {{ service }}
{{ what }}：历时 {{ minutes }} 分钟后解除（始于 {{ since | moment }}）。`,
    users: `{{ service }} 已恢复正常
故障已解除，感谢您的耐心等待。`,
    management: `{{ service }} 故障解除
历时 {{ minutes }} 分钟，始于 {{ since | moment }}。`,
  },
  drift: {
    team: `配置漂移：{{ cluster }} 上的 {{ service }}
{{ hosts }} 台主机与 {{ wanted }} 不一致。新发现：{% for one in news %}
{{ one }}{% endfor %}{% if more > 0 %}
另有 {{ more }} 项{% endif %}
{% if correction != '' %}{{ correction }} 正在恢复。{% else %}如何处理：pawl get {{ change }}{% endif %}`,
    users: `{{ service }} 正在检查设置
您可以继续工作。`,
    management: `{{ service }} 的配置在变更流程之外被修改
{{ hosts }} 台主机与计划不一致，团队已知悉。`,
  },
  backupTrouble: {
    team: `备份异常：{{ cluster }} 上的 {{ service }}{% for one in news %}
{{ one }}{% endfor %}{% if more > 0 %}
另有 {{ more }} 项{% endif %}
如何处理：pawl get {{ change }}`,
    users: `{{ service }} 正在检查备份
您可以继续工作。`,
    management: `{{ service }} 的备份需要处理
团队已知悉，之前的备份仍然保留。`,
  },
  test: {
    team: `来自 {{ cluster }} 的通知测试
此消息由 {{ by }} 发起，没有发生任何事情。`,
    users: `测试消息
请忽略，没有发生任何事情。`,
    management: `来自 {{ cluster }} 的通知测试
此消息由 {{ by }} 发起，没有发生任何事情。`,
  },
};
