"""Take the pictures of the sandbox's page in the quick start, light and dark.

    python tools/picture_sandbox.py

Needs the extra sandbox, selenium, Pillow, and Debian's chromium and chromium-driver.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import pdpyras  # noqa: E402
from pdpyras_sandbox import Sandbox  # noqa: E402

PICTURES = ROOT / 'docs' / '_static'
WIDTH, HEIGHT = 1240, 680
TITLE = 'Server is on fire'
#: Enough for text; a picture then has a quarter of its bytes.
COLOURS = 64


def browser():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which('chromium')
    for argument in ('headless=new', 'no-sandbox', 'disable-gpu', 'hide-scrollbars'):
        options.add_argument('--' + argument)
    service = webdriver.ChromeService(shutil.which('chromedriver'))
    return webdriver.Chrome(options=options, service=service)


def main():
    driver = browser()
    try:
        size = {'width': WIDTH, 'height': HEIGHT, 'deviceScaleFactor': 1, 'mobile': False}
        driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', size)
        with Sandbox(seed=1) as sandbox:
            driver.get(sandbox.url)
            events = pdpyras.EventsAPISession(sandbox.routing_key, base_url=sandbox.url)
            events.trigger(TITLE, source='dusty.old.server.net')
            WebDriverWait(driver, 10).until(lambda driver: TITLE in driver.page_source)
            for scheme in ('light', 'dark'):
                preference = {'name': 'prefers-color-scheme', 'value': scheme}
                driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': [preference]})
                picture = Image.open(io.BytesIO(driver.get_screenshot_as_png()))
                target = PICTURES / f'sandbox_{scheme}.png'
                picture.convert('RGB').quantize(COLOURS).save(target, optimize=True)
    finally:
        driver.quit()


if __name__ == '__main__':
    main()
