import { exec } from '../hosts';
import { LabError } from '../error';

/** Five orders a second, for as long as the host is up. */
const UNIT = `[Unit]
Description=Orders of the example shop
After=mariadb.service
Requires=mariadb.service
[Service]
Restart=always
RestartSec=1
ExecStartPre=/usr/bin/mariadb --execute "CREATE DATABASE IF NOT EXISTS shop; CREATE TABLE IF NOT EXISTS shop.orders (id BIGINT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(60) NOT NULL, at DATETIME(3) NOT NULL DEFAULT NOW(3))"
ExecStart=/bin/sh -c 'while mariadb shop --execute "INSERT INTO orders (what) VALUES (UUID())"; do sleep 0.2; done'
[Install]
WantedBy=multi-user.target
`;

/** Lets a shop's orders come into the lab's database, so that there is something to lose. Safe to repeat. */
export async function startOrders(lab: string, host: string): Promise<void> {
  const file = '/etc/systemd/system/orders.service';
  const script = `cat >${file} && systemctl daemon-reload && systemctl enable --quiet --now orders.service`;
  const { code, stderr } = await exec(lab, host, ['sh', '-c', script], { input: UNIT });
  if (code !== 0) throw new LabError(`orders do not come on ${host}: ${stderr}`);
}
